"""Authlib's server side of RFC 7523, asked from outside.

Usage: token_grant.py < REQUEST
Reads {public_key, email, url, assertions} and prints, for each assertion, null where the grant
believes it and the error where it does not. Then `key_file` is signed for in the same way by the
client of Authlib: {verdicts, signed}.
"""

import json
import sys
import time

from authlib.oauth2.rfc6749 import InvalidGrantError
from authlib.oauth2.rfc7523 import JWTBearerGrant
from joserfc import jwt
from joserfc.jwk import RSAKey


class Grant(JWTBearerGrant):
    """A grant that knows one service account."""

    LEEWAY = 0

    def __init__(self, asked):
        self.asked = asked

    def resolve_issuer_client(self, issuer):
        return issuer if issuer == self.asked["email"] else None

    def resolve_client_public_key(self, client):
        return RSAKey.import_key(self.asked["public_key"])

    def get_audiences(self):
        return [self.asked["url"]]


def verdict(grant, assertion):
    try:
        grant.process_assertion_claims(assertion)
    except InvalidGrantError as error:
        return error.description or error.error
    return None


def signed(asked):
    now = int(time.time())
    claims = {"iss": asked["email"], "aud": asked["url"], "scope": asked["scope"],
              "iat": now, "exp": now + 3600}
    header = {"alg": "RS256", "kid": asked["key_id"]}
    return jwt.encode(header, claims, RSAKey.import_key(asked["private_key"]))


def main():
    asked = json.load(sys.stdin)
    grant = Grant(asked)
    verdicts = [verdict(grant, assertion) for assertion in asked["assertions"]]
    print(json.dumps({"verdicts": verdicts, "signed": signed(asked)}))


if __name__ == "__main__":
    main()
