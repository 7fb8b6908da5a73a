# SPDX-License-Identifier: GPL-2.0-or-later
"""JSON Schema, as much of it as docs/vgapass.schema.json uses.

judge() knows these words and no other, so that a schema that asks for more is an error and not a
test that finds nothing: $ref within the document, anyOf, const, enum, type, pattern, minimum,
items, properties, required, and what is prose.

With strict=True an object may have no member that its schema does not name. What is outside may
always come with new members, so the schema itself does not say that.
"""
import re

PROSE = {"$schema", "$id", "$defs", "title", "description", "examples"}
TYPES = {"object": dict, "array": list, "string": str, "null": type(None), "boolean": bool}


def is_type(value, name):
    if name in ("integer", "number"):
        kinds = int if name == "integer" else (int, float)
        return isinstance(value, kinds) and not isinstance(value, bool)
    return isinstance(value, TYPES[name])


def judge(value, schema, top, strict=False, at="$"):
    """Yields what is wrong, each with its place."""
    for word in schema:
        if word not in PROSE and word not in JUDGES:
            raise ValueError(f"{at}: the word {word} of the schema is not known here")
    for word, argument in schema.items():
        if word not in PROSE:
            yield from JUDGES[word](value, argument, (schema, top, strict, at))


def _ref(value, name, around):
    _, top, strict, at = around
    found = top
    for part in name.removeprefix("#/").split("/"):
        found = found[part]
    yield from judge(value, found, top, strict, at)


def _any(value, choices, around):
    _, top, strict, at = around
    found = [list(judge(value, choice, top, strict, at)) for choice in choices]
    if all(found):
        yield f"{at}: none of {len(choices)} forms: {min(found, key=len)[0]}"


def is_same(value, wanted):
    """Python's True is 1, JSON's true is not."""
    return value == wanted and isinstance(value, bool) == isinstance(wanted, bool)


def _const(value, wanted, around):
    if not is_same(value, wanted):
        yield f"{around[3]}: {value!r} is not {wanted!r}"


def _enum(value, wanted, around):
    if not any(is_same(value, one) for one in wanted):
        yield f"{around[3]}: {value!r} is none of {wanted}"


def _type(value, names, around):
    names = [names] if isinstance(names, str) else names
    if not any(is_type(value, name) for name in names):
        yield f"{around[3]}: {value!r} is no {' or '.join(names)}"


def _pattern(value, pattern, around):
    if isinstance(value, str) and not re.search(pattern, value):
        yield f"{around[3]}: {value!r} does not match {pattern}"


def _minimum(value, least, around):
    if is_type(value, "number") and value < least:
        yield f"{around[3]}: {value} is less than {least}"


def _items(value, schema, around):
    _, top, strict, at = around
    for number, one in enumerate(value if isinstance(value, list) else []):
        yield from judge(one, schema, top, strict, f"{at}[{number}]")


def _properties(value, members, around):
    _, top, strict, at = around
    for name, one in value.items() if isinstance(value, dict) else ():
        if name in members:
            yield from judge(one, members[name], top, strict, f"{at}.{name}")
        elif strict:
            yield f"{at}.{name}: the schema has no such member"


def _required(value, names, around):
    for name in names if isinstance(value, dict) else ():
        if name not in value:
            yield f"{around[3]}.{name}: missing"


JUDGES = {"$ref": _ref, "anyOf": _any, "const": _const, "enum": _enum, "type": _type,
          "pattern": _pattern, "minimum": _minimum, "items": _items, "properties": _properties,
          "required": _required}
