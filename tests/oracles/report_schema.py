"""What the schemas of SARIF and of JUnit's XML say of a report.

Usage: report_schema.py sarif|junit < REPORT
Prints a JSON array of what is wrong with it, a sentence each.
"""

import json
import sys
from pathlib import Path

SCHEMAS = Path(sys.prefix) / "schemas"


def of_sarif(text):
    """By the schema of OASIS, SARIF 2.1.0."""
    from jsonschema import Draft7Validator, FormatChecker

    schema = json.loads((SCHEMAS / "sarif-schema-2.1.0.json").read_text())
    validator = Draft7Validator(schema, format_checker=FormatChecker())
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(json.loads(text))]


def of_junit(text):
    """By the schema of Jenkins' xUnit plugin."""
    import xmlschema

    schema = xmlschema.XMLSchema(str(SCHEMAS / "junit-10.xsd"))
    return [f"{error.path}: {error.reason}" for error in schema.iter_errors(text)]


def main():
    check = {"sarif": of_sarif, "junit": of_junit}[sys.argv[1]]
    print(json.dumps(list(check(sys.stdin.read()))))


main()
