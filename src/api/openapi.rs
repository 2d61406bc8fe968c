//! `GET /openapi.json`: what the API is, for programs that read such things.

use axum::Json;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, OpenApi as Document, Ref, RefOr};
use utoipa::{Modify, OpenApi};

use super::error::{MEDIA_TYPE, Problem};
use super::{
    acts, alerts, audit, cluster, events, evidence, health, limits, login, map, metrics, mutes,
    outbox, policies, scans, smells,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Weir",
        description = "Incidents, what people do about them, limits at Ingresses, what processes do, policies of Tetragon, smells in manifests, vulnerabilities of images, and health of a running Weir. Problems are told as RFC 9457 says; \
                       besides those named, every path may answer 404, 405, 431 and 503.",
    ),
    paths(
        login::post, alerts::get, acts::get, acts::events, acts::acknowledge, acts::resolve, acts::judge, evidence::get,
        mutes::get, mutes::post, mutes::delete, outbox::get, outbox::retry, outbox::sinks,
        events::get, events::stream::get,
        cluster::get, map::get, limits::apply, limits::revert, limits::check, limits::decisions,
        policies::get, policies::apply, policies::delete, smells::post,
        scans::post, scans::get,
        audit::get, audit::verify, health::alive, health::ready, metrics::get, get,
    ),
    components(schemas(Problem)),
    modifiers(&Bearer, &Problems),
)]
struct Description;

/// The token of `POST /api/login`.
struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut Document) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(scheme));
    }
}

/// The body of every answer that is no success.
struct Problems;

impl Modify for Problems {
    fn modify(&self, document: &mut Document) {
        let schema = Ref::from_schema_name("Problem");
        let content = ContentBuilder::new().schema(Some(schema)).build();
        let paths = document.paths.paths.values_mut();
        let operations =
            paths.flat_map(|path| [&mut path.get, &mut path.post, &mut path.delete]).flatten();
        let responses = operations.flat_map(|operation| &mut operation.responses.responses);
        for (_, response) in responses.filter(|(status, _)| !status.starts_with('2')) {
            if let RefOr::T(response) = response {
                response.content.insert(MEDIA_TYPE.to_owned(), RefOr::T(content.clone()));
            }
        }
    }
}

/// Read this description
#[utoipa::path(
    get,
    path = "/openapi.json",
    operation_id = "readDescription",
    responses((status = OK, description = "OpenAPI 3.1", body = Object, content_type = "application/json")),
)]
pub(super) async fn get() -> Json<Document> {
    Json(document())
}

/// What the API is.
pub(super) fn document() -> Document {
    Description::openapi()
}
