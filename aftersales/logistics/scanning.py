"""扫一扫: the number of a parcel, read from a photograph of its waybill."""

from django.core.files.uploadedfile import UploadedFile
from zxingcpp import BarcodeFormat, BarcodeFormats, read_barcodes

from aftersales import uploads
from aftersales.logistics.carriers import guess_carrier, is_number

PRINTED = BarcodeFormats([BarcodeFormat.Code128, BarcodeFormat.Code39, BarcodeFormat.Code93])


def number_in(photo: UploadedFile) -> str:
    """The tracking number on the picture; empty where none can be read.

    Nothing is stored. Raises Refused with its sentence for a file that is no picture.
    """
    picture = uploads.opened(photo)
    picture.thumbnail((uploads.LONGEST_SIDE, uploads.LONGEST_SIDE))
    found = [code.text.strip().upper() for code in read_barcodes(picture.convert("L"), PRINTED)]
    numbers = [text for text in found if is_number(text)]
    known = [text for text in numbers if guess_carrier(text)]
    return next(iter(known or numbers), "")
