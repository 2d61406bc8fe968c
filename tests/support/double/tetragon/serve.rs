//! What the agent answers to a call.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;

use futures_util::Stream;
use futures_util::stream::unfold;
use hyper::http::{Request, Response};
use prost::bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tonic::server::Grpc;
use tonic::transport::Server;
use tonic::{Status, body};
use tower::service_fn;

use super::bytes::{Fields, message};
use super::codec::Raw;
use super::line::Listener;
use super::{Shared, policies};

const SERVICE: &str = "/tetragon.FineGuidanceSensors/";

/// Serves until the runtime ends.
pub async fn serve(listener: Listener, shared: Arc<Shared>) {
    let is_frozen = shared.is_frozen.subscribe();
    let lines = unfold((listener, is_frozen), async |(listener, is_frozen)| {
        let line: io::Result<_> = listener.accept(is_frozen.clone()).await;
        Some((line, (listener, is_frozen)))
    });
    let service = service_fn(move |request| answer(Arc::clone(&shared), request));
    Server::builder().serve_with_incoming(service, lines).await.expect("it serves");
}

/// Takes connections and says nothing, until the runtime ends.
pub async fn hang(listener: Listener, shared: Arc<Shared>) {
    let mut lines = Vec::new();
    while let Ok(line) = listener.accept(shared.is_frozen.subscribe()).await {
        lines.push(line);
    }
}

async fn answer(
    shared: Arc<Shared>,
    request: Request<body::Body>,
) -> Result<Response<body::Body>, Infallible> {
    let path = request.uri().path();
    let rpc = path.strip_prefix(SERVICE).unwrap_or(path).to_owned();
    let mut grpc = Grpc::new(Raw);
    if rpc == "GetEvents" && !shared.with(|agent| agent.unknown.contains("GetEvents")) {
        let events = service_fn(move |request: tonic::Request<Bytes>| {
            let question = Fields::read(&request.into_inner());
            shared.with(|agent| agent.denied = Fields::read(question.text(2).as_bytes()).text(2));
            let stream = listen(&shared);
            async { Ok(tonic::Response::new(stream)) }
        });
        return Ok(grpc.server_streaming(events, request).await);
    }
    let answer = service_fn(move |request: tonic::Request<Bytes>| {
        let (shared, rpc) = (Arc::clone(&shared), rpc.clone());
        async move {
            let slowness = shared.with(|agent| agent.slowness);
            tokio::time::sleep(slowness).await;
            said(&shared, &rpc, &Fields::read(&request.into_inner())).map(tonic::Response::new)
        }
    });
    Ok(grpc.unary(answer, request).await)
}

/// The events from now on.
fn listen(shared: &Shared) -> impl Stream<Item = Result<Vec<u8>, Status>> + use<> {
    let (listener, events) = mpsc::unbounded_channel();
    shared.with(|agent| {
        agent.log.push("GetEvents".into());
        agent.listeners.push(listener);
    });
    unfold(events, async |mut events| Some((events.recv().await?, events)))
}

fn said(shared: &Shared, rpc: &str, question: &Fields) -> Result<Vec<u8>, Status> {
    shared.with(|agent| {
        agent.log.push(rpc.to_owned());
        let unknown = || Status::unimplemented(format!("unknown method {rpc}"));
        if agent.unknown.contains(rpc) {
            return Err(unknown());
        }
        let done =
            |outcome: Result<(), String>| outcome.map(|()| Vec::new()).map_err(Status::unknown);
        match rpc {
            "GetVersion" => {
                let version = agent.version.clone().ok_or_else(unknown)?;
                Ok(message("GetVersionResponse", &json!({ "version": version })))
            }
            "GetHealth" => {
                let health = json!({
                    "health_status": [{
                        "event": "HEALTH_STATUS_TYPE_STATUS",
                        "status": "HEALTH_STATUS_RUNNING",
                        "details": "running",
                    }],
                });
                Ok(message("GetHealthStatusResponse", &health))
            }
            "ListTracingPolicies" => {
                let list = json!({ "policies": Value::Array(agent.policies.clone()) });
                Ok(message("ListTracingPoliciesResponse", &list))
            }
            "AddTracingPolicy" => done(policies::add(agent, &question.text(1))),
            "DeleteTracingPolicy" => {
                done(policies::delete(agent, &question.text(1), &question.text(2)))
            }
            "ConfigureTracingPolicy" => done(policies::configure(
                agent,
                [&question.text(1), &question.text(2)],
                question.number(3).map(|is_on| is_on != 0),
                question.number(4),
            )),
            _ => Err(unknown()),
        }
    })
}
