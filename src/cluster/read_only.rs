//! Keeps a client from changing anything: what would is refused before it is sent.

use std::task::{Context, Poll};

use futures_util::future::{Either, Ready, ready};
use hyper::{Method, Request};
use tower::{BoxError, Service};

/// What may be created although nothing is to be changed: it is a question, and leaves nothing.
const QUESTION: &str = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";

/// Why a request was not sent.
#[derive(Debug, thiserror::Error)]
#[error("nothing is to be changed")]
pub(super) struct Refusal;

/// Lets through to `S` what reads.
#[derive(Debug, Clone)]
pub(super) struct ReadOnly<S>(pub(super) S);

impl<S, B> Service<Request<B>> for ReadOnly<S>
where
    S: Service<Request<B>, Error = BoxError>,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Either<S::Future, Ready<Result<S::Response, BoxError>>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        if reads(request.method(), request.uri().path()) {
            Either::Left(self.0.call(request))
        } else {
            Either::Right(ready(Err(Refusal.into())))
        }
    }
}

fn reads(method: &Method, path: &str) -> bool {
    method == Method::GET || (method == Method::POST && path == QUESTION)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_does_not_read_is_refused() {
        assert!(reads(&Method::GET, "/api/v1/pods"));
        assert!(reads(&Method::POST, QUESTION));
        let writes = [Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::CONNECT];
        assert!(writes.iter().all(|method| !reads(method, "/api/v1/namespaces/shop/pods/web")));
        assert!(!reads(&Method::DELETE, QUESTION));
        assert!(!reads(&Method::POST, "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews/x"));
    }
}
