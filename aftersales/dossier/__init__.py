"""卷宗: a case as a PDF to read and a ZIP to hand on, whose manifest can be checked by anybody.

``content`` says what a reader finds, ``pdf`` sets it, ``archive`` packs it, ``verifying`` checks it.
"""
