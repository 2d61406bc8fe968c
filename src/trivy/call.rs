//! One call of Trivy.

use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::database::{self, When};
use super::reports::LARGEST;
use super::scratch::Scratch;
use super::{Error, Options, Step, failure};
use crate::posture::image::ImageName;

/// How much longer than Weir Trivy itself would wait, so that it is Weir that says what took too long.
const LATER: Duration = Duration::from_secs(10);

/// Bytes of a line of the log, and lines that are remembered.
const LONGEST_LINE: u64 = 16 << 10;
const LINES: usize = 40;

/// Variables that would make the report another, hide what is in it, or send it elsewhere.
const MISLEADING: [&str; 29] = [
    "TRIVY_CHECK_NAMESPACES",
    "TRIVY_COMPLIANCE",
    "TRIVY_CONFIG",
    "TRIVY_DEBUG",
    "TRIVY_DETECTION_PRIORITY",
    "TRIVY_DISTRO",
    "TRIVY_EXIT_CODE",
    "TRIVY_EXIT_ON_EOL",
    "TRIVY_FILE_PATTERNS",
    "TRIVY_GENERATE_DEFAULT_CONFIG",
    "TRIVY_IGNORE_POLICY",
    "TRIVY_IGNORE_STATUS",
    "TRIVY_IGNORE_UNFIXED",
    "TRIVY_IGNOREFILE",
    "TRIVY_INPUT",
    "TRIVY_OUTPUT",
    "TRIVY_PKG_RELATIONSHIPS",
    "TRIVY_PKG_TYPES",
    "TRIVY_QUIET",
    "TRIVY_REPORT",
    "TRIVY_SECRET_CONFIG",
    "TRIVY_SERVER",
    "TRIVY_SEVERITY",
    "TRIVY_SHOW_SUPPRESSED",
    "TRIVY_SKIP_DIRS",
    "TRIVY_SKIP_FILES",
    "TRIVY_TEMPLATE",
    "TRIVY_VEX",
    "TRIVY_VULN_TYPE",
];

/// Secrets of Weir's, which are nobody else's business.
const SECRETS: [&str; 6] = [
    "SLACK_BOT_TOKEN",
    "SLACK_WEBHOOK_URL",
    "WEIR_SLACK_TOKEN",
    "WEIR_SLACK_WEBHOOK_URL",
    "WEIR_WEBHOOK_SECRET",
    "WEIR_WEBHOOK_URL",
];

/// Has Trivy scan `image`, and returns the report that it prints.
pub(super) async fn scan(
    options: &Options,
    image: &ImageName,
    tell: &(dyn Fn(Step) + Sync),
) -> Result<Vec<u8>, Error> {
    database::check(options, image, When::Before)?;
    let scratch = Scratch::make().map_err(|source| {
        let why = format!("make a folder for what it unpacks: {source}");
        Error::Failed { image: image.clone(), why }
    })?;
    tell(Step::Started);
    let child = command(options, image, scratch.path()).spawn().map_err(|source| {
        let program = options.program.clone();
        match source.kind() {
            io::ErrorKind::NotFound => Error::Missing { program },
            _ => Error::Start { program, source },
        }
    })?;
    let limit = options.limit;
    let Ok(ended) = timeout(limit, followed(child, tell)).await else {
        return Err(Error::TimedOut { image: image.clone(), limit });
    };
    let program = options.program.clone();
    let Ended { status, text, log } = ended.map_err(|source| Error::Start { program, source })?;
    if text.len() > LARGEST {
        return Err(Error::Long { image: image.clone(), most: LARGEST });
    }
    if !status.success() {
        return Err(failure::of(options, image, &log));
    }
    database::check(options, image, When::After)?;
    Ok(text)
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
    for name in MISLEADING.iter().chain(&SECRETS) {
        command.env_remove(name);
    }
    if let Some(home) = home {
        // Whoever gave up root has root's still.
        command.env("HOME", home);
    }
    command.env("TRIVY_SKIP_VERSION_CHECK", "true").env("TRIVY_DISABLE_TELEMETRY", "true");
    command.env("TMPDIR", folder).current_dir(folder).kill_on_drop(true);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// How a call ended.
struct Ended {
    status: ExitStatus,
    text: Vec<u8>,
    log: Vec<String>,
}

/// Follows a call to its end.
async fn followed(mut child: Child, tell: &(dyn Fn(Step) + Sync)) -> io::Result<Ended> {
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
    let (text, log) = tokio::join!(printed, followed_log(BufReader::new(said), tell));
    Ok(Ended { text: text?, log: log?, status: child.wait().await? })
}

/// All that is printed; of what is too much a byte more than there may be.
async fn whole(printed: impl AsyncRead + Unpin) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    printed.take(LARGEST as u64 + 1).read_to_end(&mut text).await?;
    Ok(text)
}

/// The last lines of the log; `tell` hears of steps as they come.
async fn followed_log(
    mut said: impl AsyncBufRead + Unpin,
    tell: &(dyn Fn(Step) + Sync),
) -> io::Result<Vec<String>> {
    let mut log = Vec::new();
    let mut line = Vec::new();
    while (&mut said).take(LONGEST_LINE).read_until(b'\n', &mut line).await? > 0 {
        let text = String::from_utf8_lossy(&line).trim_end().to_owned();
        line.clear();
        if let Some(step) = Step::told_by(&text) {
            tell(step);
        }
        if log.len() == LINES {
            log.remove(0);
        }
        log.push(text);
    }
    Ok(log)
}
