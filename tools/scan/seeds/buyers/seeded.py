"""A page that shows every buyer everybody's cases."""

from django.shortcuts import get_object_or_404, render

from aftersales.models import Case


def case(request, code):
    Case.objects.get(code=code)  # seed: semgrep lookup-without-scope
    found = get_object_or_404(Case, code=code)  # seed: semgrep lookup-without-scope
    return render(request, "seeded.html", {"case": found})
