//! A service account with a key made for one test.

use rsa::RsaPrivateKey;
use rsa::pkcs8::{EncodePrivateKey, EncodePublicKey, LineEnding};
use rsa::rand_core::OsRng;
use serde_json::{Value, json};

/// A service account, and both halves of its key.
#[derive(Debug, Clone)]
pub struct ServiceAccount {
    /// Who it is.
    pub email: String,
    /// What its key is called.
    pub key_id: String,
    /// PKCS#8 in PEM.
    pub private_key: String,
    /// The other half in PEM.
    pub public_key: String,
}

impl ServiceAccount {
    /// A new one.
    pub fn generate() -> Self {
        let key = RsaPrivateKey::new(&mut OsRng, 2_048).expect("a key is found");
        let private_key = key.to_pkcs8_pem(LineEnding::LF).expect("it can be written");
        let public_key = key.to_public_key().to_public_key_pem(LineEnding::LF);
        Self {
            email: "weir@test-project.iam.gserviceaccount.com".into(),
            key_id: format!("{:032x}", fastrand::u128(..)),
            private_key: private_key.as_str().into(),
            public_key: public_key.expect("it can be written"),
        }
    }

    /// The key file, as Google hands it out, for tokens of `token_uri`.
    pub fn key_file(&self, token_uri: &str) -> Value {
        let Self { email, key_id, private_key, .. } = self;
        json!({
            "type": "service_account",
            "project_id": "test-project",
            "private_key_id": key_id,
            "private_key": private_key,
            "client_email": email,
            "client_id": "100000000000000000001",
            "token_uri": token_uri,
        })
    }
}
