//! One call of Trivy.

use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use nix::unistd::{AccessFlags, access};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::database::{self, When};
use super::log::Log;
use super::reports::LARGEST;
use super::scratch::Scratch;
use super::{Error, Options, Step, failure};
use crate::posture::image::ImageName;

/// How much longer than Weir Trivy itself would wait, so that it is Weir that says what took too long.
const LATER: Duration = Duration::from_secs(10);

/// How long one that was killed may take to be gone: what waits for a disk that is lost never is.
const GONE: Duration = Duration::from_secs(10);

/// Bytes of a line of the log; what is longer is taken for several.
const LONGEST_LINE: u64 = 16 << 10;

/// Variables that would make the report another, hide what is in it, or send it elsewhere.
const MISLEADING: [&str; 40] = [
    "TRIVY_CHECK_NAMESPACES",
    "TRIVY_COMPLIANCE",
    "TRIVY_CONFIG",
    "TRIVY_DEBUG",
    "TRIVY_DETECTION_PRIORITY",
    "TRIVY_DISTRO",
    "TRIVY_DOWNLOAD_DB_ONLY",
    "TRIVY_DOWNLOAD_JAVA_DB_ONLY",
    "TRIVY_ENABLE_MODULES",
    "TRIVY_EXIT_CODE",
    "TRIVY_EXIT_ON_EOL",
    "TRIVY_FILE_PATTERNS",
    "TRIVY_FORMAT",
    "TRIVY_GENERATE_DEFAULT_CONFIG",
    "TRIVY_IGNOREFILE",
    "TRIVY_IGNORE_POLICY",
    "TRIVY_IGNORE_STATUS",
    "TRIVY_IGNORE_UNFIXED",
    "TRIVY_IMAGE_CONFIG_SCANNERS",
    "TRIVY_IMAGE_SRC",
    "TRIVY_INPUT",
    "TRIVY_LIST_ALL_PKGS",
    "TRIVY_MODULE_DIR",
    "TRIVY_OUTPUT",
    "TRIVY_PKG_RELATIONSHIPS",
    "TRIVY_PKG_TYPES",
    "TRIVY_PLATFORM",
    "TRIVY_QUIET",
    "TRIVY_REPORT",
    "TRIVY_SCANNERS",
    "TRIVY_SECRET_CONFIG",
    "TRIVY_SERVER",
    "TRIVY_SEVERITY",
    "TRIVY_SHOW_SUPPRESSED",
    "TRIVY_SKIP_DIRS",
    "TRIVY_SKIP_FILES",
    "TRIVY_TEMPLATE",
    "TRIVY_TIMEOUT",
    "TRIVY_VEX",
    "TRIVY_VULN_TYPE",
];

/// Variables that keep Trivy from fetching newer databases, which is up to `trivy-offline`.
const UPDATES: [&str; 2] = ["TRIVY_SKIP_DB_UPDATE", "TRIVY_SKIP_JAVA_DB_UPDATE"];

/// Secrets of Weir's, which are nobody else's business.
const SECRETS: [&str; 6] = [
    "SLACK_BOT_TOKEN",
    "SLACK_WEBHOOK_URL",
    "WEIR_SLACK_TOKEN",
    "WEIR_SLACK_WEBHOOK_URL",
    "WEIR_WEBHOOK_SECRET",
    "WEIR_WEBHOOK_URL",
];

/// What came of a call.
#[derive(Debug)]
pub(super) struct Called {
    /// The report that Trivy printed.
    pub(super) text: Vec<u8>,
    /// Whether there was nothing in the image that could be looked up; none where only the report says.
    pub(super) is_blank: Option<bool>,
}

/// Has Trivy scan `image`.
pub(super) async fn scan(
    options: &Options,
    image: &ImageName,
    tell: &(dyn Fn(Step) + Sync),
) -> Result<Called, Error> {
    database::check(options, image, When::Before)?;
    // It is dropped after Trivy, which would go on to write there.
    let scratch = Scratch::make().map_err(|source| Error::Scratch { source })?;
    tell(Step::Started);
    let mut child = command(options, image, scratch.path()).spawn().map_err(|source| {
        let program = options.program.clone();
        match source.kind() {
            io::ErrorKind::NotFound => Error::Missing { program },
            _ => Error::Start { program, source },
        }
    })?;
    let mut log = Log::default();
    let limit = options.limit;
    let ended = timeout(limit, followed(&mut child, &mut log, tell)).await;
    if !matches!(ended, Ok(Ok(_))) {
        // Its folder is removed once nobody writes there any more.
        timeout(GONE, child.kill()).await.ok();
    }
    let Ok(ended) = ended else {
        return Err(Error::TimedOut { image: image.clone(), limit, step: log.step() });
    };
    let program = options.program.clone();
    let (status, text) = ended.map_err(|source| Error::Start { program, source })?;
    if text.len() > LARGEST {
        return Err(Error::Long { image: image.clone(), most: LARGEST });
    }
    if !status.success() {
        return Err(failure::of(options, image, &log));
    }
    database::check(options, image, When::After)?;
    Ok(Called { text, is_blank: log.is_blank() })
}

/// What Trivy is asked. It is started in a folder of its own, since it would heed files of others that lie
/// where it is (`trivy.yaml`, `.trivyignore`), and unpacks layers there; dropped, it is killed.
fn command(options: &Options, image: &ImageName, folder: &Path) -> Command {
    let Options { program, server, cache, home, is_offline, limit } = options;
    let mut command = Command::new(program);
    command.args(["image", "--format", "json", "--no-progress", "--scanners", "vuln,secret"]);
    command.arg("--timeout").arg(format!("{}s", (*limit + LATER).as_secs()));
    if *is_offline {
        command.arg("--offline-scan");
        // Where a server looks things up, Trivy has no database that it could update.
        if server.is_none() {
            command.args(["--skip-db-update", "--skip-java-db-update"]);
        }
    }
    if let Some(server) = server {
        command.arg("--server").arg(server);
    }
    if let Some(cache) = cache {
        command.arg("--cache-dir").arg(cache);
    }
    command.arg("--").arg(image.as_str());
    let updates = UPDATES.iter().filter(|_| !is_offline);
    for name in MISLEADING.iter().chain(&SECRETS).chain(updates) {
        command.env_remove(name);
    }
    // Whoever gave up root has root's still, and may not enter it: Trivy would fail for that alone.
    let home = home.as_deref().filter(|home| access(*home, AccessFlags::X_OK).is_ok());
    command.env("HOME", home.unwrap_or(folder));
    command.env("TRIVY_SKIP_VERSION_CHECK", "true").env("TRIVY_DISABLE_TELEMETRY", "true");
    command.env("TMPDIR", folder).current_dir(folder).kill_on_drop(true);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Follows a call to its end; returns how it ended, and what was printed.
async fn followed(
    child: &mut Child,
    log: &mut Log,
    tell: &(dyn Fn(Step) + Sync),
) -> io::Result<(ExitStatus, Vec<u8>)> {
    let (Some(printed), Some(said)) = (child.stdout.take(), child.stderr.take()) else {
        return Err(io::Error::other("it has no pipes"));
    };
    let printed = async {
        let text = whole(printed).await?;
        if text.len() > LARGEST {
            // It would wait for ever for somebody to read the rest.
            child.start_kill()?;
        }
        Ok::<_, io::Error>(text)
    };
    let (text, said) = tokio::join!(printed, followed_log(BufReader::new(said), log, tell));
    said?;
    Ok((child.wait().await?, text?))
}

/// All that is printed; of what is too much a byte more than there may be.
async fn whole(printed: impl AsyncRead + Unpin) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    printed.take(LARGEST as u64 + 1).read_to_end(&mut text).await?;
    Ok(text)
}

/// Writes down the log; `tell` hears of steps as they come.
async fn followed_log(
    mut said: impl AsyncBufRead + Unpin,
    log: &mut Log,
    tell: &(dyn Fn(Step) + Sync),
) -> io::Result<()> {
    let mut line = Vec::new();
    while (&mut said).take(LONGEST_LINE).read_until(b'\n', &mut line).await? > 0 {
        let text = String::from_utf8_lossy(&line).trim_end().to_owned();
        line.clear();
        if let Some(step) = log.hear(text) {
            tell(step);
        }
    }
    Ok(())
}
