use std::future::Future;
use weir::engine::Handle;
use weir::settings::{Environment, Settings};
#[derive(Debug, thiserror::Error)]
#[error("no console yet")]
pub(crate) struct Error;
pub(crate) struct ConsoleOptions;
impl ConsoleOptions {
    pub(crate) fn of(_: &Settings, _: &Environment) -> Self { Self }
}
pub(crate) async fn run(_: Handle, _: ConsoleOptions, until: impl Future<Output = ()>) -> Result<(), Error> {
    until.await;
    Ok(())
}
