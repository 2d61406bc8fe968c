//! Makes types of `src/tetragon/tetragon.proto`, with no `protoc` on the machine.

use std::error::Error;

const PROTO: &str = "src/tetragon/tetragon.proto";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={PROTO}");
    let described = protox::compile([PROTO], ["src/tetragon"])?;
    prost_build::Config::new().compile_fds(described)?;
    Ok(())
}
