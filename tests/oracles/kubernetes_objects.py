"""Kubernetes' own schemas, asked whether an API server would take objects.

Usage: kubernetes_objects.py VERSION... < OBJECTS
       kubernetes_objects.py --definition FILE < OBJECTS
Standard input holds YAML documents, validated against the schemas of these versions or against those of a
CustomResourceDefinition; members that a schema does not know are faults. Prints a JSON array of what is
wrong.
"""

import json
import sys

import jsonschema
import kubernetes_validate
import yaml


def closed(schema):
    """The schema, which takes no members besides those that it names."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    schema = {key: closed(value) for key, value in schema.items()}
    is_open = schema.get("x-kubernetes-preserve-unknown-fields")
    if isinstance(schema.get("properties"), dict) and not is_open:
        schema.setdefault("additionalProperties", False)
    return schema


def of_versions(versions):
    """What versions of Kubernetes find wrong with an object."""

    def faults(document):
        for version in versions:
            try:
                kubernetes_validate.validate(document, version, strict=True)
            except kubernetes_validate.ValidationError as error:
                yield f"{version}: {error.message}"

    return faults


def of_definition(path):
    """What a definition finds wrong with an object."""
    with open(path, encoding="utf-8") as file:
        spec = yaml.safe_load(file)["spec"]
    schemas = {version["name"]: version["schema"]["openAPIV3Schema"] for version in spec["versions"]}

    def faults(document):
        schema = schemas[document["apiVersion"].partition("/")[2]]
        for error in jsonschema.Draft7Validator(closed(schema)).iter_errors(document):
            yield f"{'.'.join(map(str, error.absolute_path))}: {error.message}"

    return faults


def main():
    arguments = sys.argv[1:]
    faults = of_definition(arguments[1]) if arguments[0] == "--definition" else of_versions(arguments)
    found = []
    for document in yaml.safe_load_all(sys.stdin):
        name = f"{document['kind']} {document['metadata']['name']}"
        found += [f"{name}: {fault}" for fault in faults(document)]
    print(json.dumps(found))


main()
