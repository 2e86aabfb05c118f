"""Long answers that are made while they are sent."""

from collections.abc import Iterator

from django.http import StreamingHttpResponse
from django.utils.translation import get_language, override


def csv_response(lines: Iterator[str], name: str) -> StreamingHttpResponse:
    """A file for spreadsheets."""
    return streamed(lines, "text/csv; charset=utf-8", name)


def streamed(pieces: Iterator[str] | Iterator[bytes], media_type: str, name: str) -> StreamingHttpResponse:
    """A file to be saved under the name."""
    response = StreamingHttpResponse(_in_language(get_language(), pieces), content_type=media_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _in_language(language: str, pieces: Iterator[str] | Iterator[bytes]) -> Iterator[str | bytes]:
    """The pieces in the reader's language: they are made after the request, when it is nobody's any more."""
    with override(language):
        yield from pieces
