"""How is a template turned into a page for a browser, in which no value can become markup?"""

from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

_PAGES: Final = Environment(
    loader=PackageLoader("andon.render"), undefined=StrictUndefined, autoescape=True, trim_blocks=True, lstrip_blocks=True
)


def page(template: str, **values: object) -> str:
    """The page. Every value is escaped, in text as in attributes."""
    return _PAGES.get_template(template).render(**values)
