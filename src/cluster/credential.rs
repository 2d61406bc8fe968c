//! What is said of credentials that cannot be had. Never what they are: the errors of the client show
//! whole commands with what those print, and whole lines of the kubeconfig.

use std::error::Error;

use kube::client::AuthError;
use kube::config::{KubeconfigError, LoadDataError};

use super::words::said;

/// Why a kubeconfig cannot be used.
pub(super) fn unusable(error: &KubeconfigError) -> String {
    match error {
        KubeconfigError::CurrentContextNotSet => "it has no current context".to_owned(),
        KubeconfigError::LoadContext(name) => {
            format!("there is no context `{}` in it", said(name))
        }
        KubeconfigError::LoadClusterOfContext(name) => {
            format!("its context names the cluster `{}`, which is not in it", said(name))
        }
        KubeconfigError::ReadConfig(error, _) => said(&error.to_string()),
        KubeconfigError::Parse(error) => match error.location() {
            Some(at) => {
                format!("line {}, column {} is not as it should be", at.line(), at.column())
            }
            None => "it is not written as a kubeconfig".to_owned(),
        },
        KubeconfigError::MissingClusterUrl => "its cluster has no `server`".to_owned(),
        KubeconfigError::ParseClusterUrl(_) => "the `server` of its cluster is no URL".to_owned(),
        KubeconfigError::ParseProxyUrl(_) => "its `proxy-url` is no URL".to_owned(),
        KubeconfigError::LoadCertificateAuthority(error) => {
            format!("its certificate authority: {}", unreadable(error))
        }
        KubeconfigError::LoadClientCertificate(error) => {
            format!("its client certificate: {}", unreadable(error))
        }
        KubeconfigError::LoadClientKey(error) => format!("its client key: {}", unreadable(error)),
        KubeconfigError::ParseCertificates(_) => "its certificates are no PEM".to_owned(),
        _ => "it does not go together with the others".to_owned(),
    }
}

fn unreadable(error: &LoadDataError) -> String {
    match error {
        LoadDataError::DecodeBase64(_) => "it is no base64".to_owned(),
        LoadDataError::ReadFile(error, path) => {
            format!("{}: {}", said(&path.display().to_string()), said(&error.to_string()))
        }
        LoadDataError::NoBase64DataOrFile => "it is missing".to_owned(),
    }
}

/// Why credentials cannot be had, if it is that what `error` comes from.
pub(super) fn trouble(error: &(dyn Error + 'static)) -> Option<String> {
    let auth = match error.downcast_ref::<kube::Error>() {
        Some(kube::Error::Auth(auth)) => Some(auth),
        _ => error.downcast_ref::<AuthError>(),
    };
    match auth {
        Some(auth) => Some(format!("the credentials cannot be had: {}", why(auth))),
        None => trouble(error.source()?),
    }
}

fn why(error: &AuthError) -> String {
    let why = match error {
        AuthError::AuthExecStart(error) => {
            return format!(
                "the program that gets them cannot be run: {}",
                said(&error.to_string())
            );
        }
        AuthError::AuthExecRun { out, .. } => {
            return format!("the program that gets them failed with {}", out.status);
        }
        AuthError::ReadTokenFile(error, path) => {
            let path = said(&path.display().to_string());
            return format!("the token in {path} cannot be read: {}", said(&error.to_string()));
        }
        AuthError::InvalidBasicAuth(_) | AuthError::InvalidBearerToken(_) => {
            "they hold characters that no header may"
        }
        AuthError::UnrefreshableTokenResponse
        | AuthError::ExecPluginFailed
        | AuthError::AuthExecParse(_)
        | AuthError::ParseTokenKey(_) => "what the program that gets them prints is none",
        AuthError::MalformedTokenExpirationDate(_) => "it cannot be read when they expire",
        AuthError::MissingCommand => "no program is named that gets them",
        AuthError::NoValidNativeRootCA(_) => "this system knows no certificate authority",
        _ => "the way that the kubeconfig names is not one that Weir knows",
    };
    why.to_owned()
}
