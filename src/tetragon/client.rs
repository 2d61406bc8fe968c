//! The agent's gRPC service: how it is reached and asked, with a bound on every answer.
//!
//! Messages are handed over as bytes, so that one that makes no sense costs itself alone. No HTTP/2
//! pings are sent: a server of gRPC for Go hangs up on who sends more than one in five minutes. Whether
//! a silent agent still lives is asked by a call.

mod agent;
mod codec;
mod error;
mod socket;

use std::time::Duration;

use hyper::http::uri::PathAndQuery;
use prost::Message;
use prost::bytes::Bytes;
use tokio::time::timeout;
use tonic::client::Grpc;
use tonic::transport::Channel;
use tonic::{Code, Request, Status, Streaming};
use tower::service_fn;

pub use self::agent::{Agent, Health};
use self::codec::Raw;
pub use self::error::Error;
use super::Endpoint;

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(5);

/// How long an answer may take, and that to what loads a policy into the kernel.
pub(super) const ANSWER: Duration = Duration::from_secs(5);
const LOADING: Duration = Duration::from_secs(30);

/// The largest message that is read, in bytes: one that is larger ends a stream, so this is above what
/// is made an event of.
const LARGEST: usize = 16 << 20;

/// How much of a stream, and of all that comes over a connection, may be on its way, in bytes.
const STREAM_WINDOW: u32 = 1 << 20;
const CONNECTION_WINDOW: u32 = 2 << 20;

/// What is asked for, and what that is to people.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call {
    /// Its path.
    path: &'static str,
    /// What is to be done.
    action: &'static str,
    /// How long the answer may take.
    within: Duration,
}

macro_rules! call {
    ($rpc:literal, $action:literal, $within:expr) => {
        Call {
            path: concat!("/tetragon.FineGuidanceSensors/", $rpc),
            action: $action,
            within: $within,
        }
    };
}

pub(super) const EVENTS: Call = call!("GetEvents", "follow events", ANSWER);
pub(super) const VERSION: Call = call!("GetVersion", "ask for the version", ANSWER);
pub(super) const HEALTH: Call = call!("GetHealth", "ask for the health", ANSWER);
const POLICIES: Call = call!("ListTracingPolicies", "list policies", ANSWER);
const ADD: Call = call!("AddTracingPolicy", "add a policy", LOADING);
const DELETE: Call = call!("DeleteTracingPolicy", "delete a policy", LOADING);
const CONFIGURE: Call = call!("ConfigureTracingPolicy", "change a policy", LOADING);

/// Talks to one agent. Connects when it is first asked, and again where it lost the connection. Cheap to
/// clone.
#[derive(Debug, Clone)]
pub(super) struct Client {
    endpoint: Endpoint,
    channel: Channel,
}

impl Client {
    /// What talks to the agent at `endpoint`. Must be called in a tokio runtime.
    pub(super) fn new(endpoint: &Endpoint) -> Result<Self, Error> {
        if !matches!(endpoint, Endpoint::Unix(_) | Endpoint::Tcp(_)) {
            return Err(Error::NotAsked { endpoint: endpoint.clone() });
        }
        // The name of the other side, which over a socket has none.
        let name = tonic::transport::Endpoint::from_static("http://localhost");
        let name = name
            .user_agent(concat!("weir/", env!("CARGO_PKG_VERSION")))
            .map_err(|error| Error::unreachable(VERSION.action, endpoint, &error))?
            .connect_timeout(CONNECT)
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW);
        let target = endpoint.clone();
        let channel =
            name.connect_with_connector_lazy(service_fn(move |_| socket::connect(target.clone())));
        Ok(Self { endpoint: endpoint.clone(), channel })
    }

    /// Where the agent is.
    pub(super) const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Asks, and waits for the one answer.
    pub(super) async fn ask<A: Message + Default>(
        &self,
        call: Call,
        question: &impl Message,
    ) -> Result<A, Error> {
        let mut grpc = Grpc::new(self.channel.clone()).max_decoding_message_size(LARGEST);
        let asking = async {
            grpc.ready().await.map_err(|error| Status::from_error(error.into()))?;
            let path = PathAndQuery::from_static(call.path);
            grpc.unary(Request::new(question.encode_to_vec()), path, Raw).await
        };
        let answer = timeout(call.within, asking).await;
        let answer = answer.map_err(|_| Error::silent(call.action, &self.endpoint, call.within))?;
        let answer = answer.map_err(|status| self.failed(call, &status))?;
        A::decode(answer.into_inner()).map_err(|error| Error::Senseless {
            action: call.action,
            endpoint: self.endpoint.clone(),
            why: error.to_string(),
        })
    }

    /// That the answers to `call`, which were to go on, have ended.
    pub(super) fn ended(&self, call: Call) -> Error {
        Error::ended(call.action, &self.endpoint)
    }

    /// What `status` says about `call`.
    pub(super) fn failed(&self, call: Call, status: &Status) -> Error {
        Error::of(call.action, &self.endpoint, status)
    }

    /// Asks for all events, as bytes. An agent that has none may leave this without an answer: whoever
    /// waits asks something else meanwhile.
    pub(super) async fn events(&self, question: &impl Message) -> Result<Streaming<Bytes>, Status> {
        let mut grpc = Grpc::new(self.channel.clone()).max_decoding_message_size(LARGEST);
        grpc.ready().await.map_err(|error| Status::from_error(error.into()))?;
        let path = PathAndQuery::from_static(EVENTS.path);
        let question = Request::new(question.encode_to_vec());
        grpc.server_streaming(question, path, Raw).await.map(tonic::Response::into_inner)
    }
}

/// Whether `status` was not sent by the agent, but says that a message of its was too long.
pub(super) fn is_too_long(status: &Status) -> bool {
    status.code() == Code::OutOfRange
        && status.message().starts_with("Error, decoded message length too large")
}
