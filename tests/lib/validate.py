#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""validate.py SCHEMA_DIR FILE...: checks each JSON document (or line of documents) against its schema.

Exits 0 and prints how many documents there were; at the first that does not match, says why and exits 1.
"""
import json
import pathlib
import sys

import jsonschema


def load_schemas(directory):
    schemas = {}
    for path in pathlib.Path(directory).glob("*.schema.json"):
        schema = json.loads(path.read_text())
        jsonschema.Draft202012Validator.check_schema(schema)
        key = (schema["properties"]["schema"]["const"], schema["properties"]["schema_version"]["const"])
        schemas[key] = jsonschema.Draft202012Validator(schema)
    return schemas


def unique_names(pairs):
    """json.loads keeps the last of two equal names in silence."""
    names = [name for name, _ in pairs]
    if len(names) != len(set(names)):
        raise ValueError("a name stands twice in one object: %s" % sorted(n for n in names if names.count(n) > 1)[0])
    return dict(pairs)


def documents(text):
    decoder = json.JSONDecoder(object_pairs_hook=unique_names, parse_constant=lambda c: sys.exit("not JSON: " + c))
    at = 0
    while text[at:].strip():
        document, at = decoder.raw_decode(text, at + len(text[at:]) - len(text[at:].lstrip()))
        yield document


def main():
    schemas = load_schemas(sys.argv[1])
    count = 0
    for path in sys.argv[2:]:
        for document in documents(pathlib.Path(path).read_text(encoding="utf-8")):
            key = (document.get("schema"), document.get("schema_version"))
            if key not in schemas:
                sys.exit("%s: no schema for %s version %s" % (path, *key))
            for error in schemas[key].iter_errors(document):
                where = "/".join(str(part) for part in error.absolute_path)
                sys.exit("%s: at /%s: %s" % (path, where, error.message[:400]))
            count += 1
    if not count:
        sys.exit("no document")
    print(count)


main()
