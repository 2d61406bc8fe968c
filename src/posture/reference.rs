//! All checks as a page of Markdown.

use std::fmt::Write;

use super::check::Check;
use super::checks;

/// What stands above the checks.
const HEAD: &str = "\
# Checks of `weir smells`

Each check has an id, which stays what it is; what comes of the smell; how it is mended; what other linters
call the same check; and a manifest with the smell and one without. `weir explain ID` says the same.

An object is let off by the annotation `weir.dev/ignore: ID,…` with the reason in `weir.dev/ignore-reason`.
";

/// The page.
#[must_use]
pub fn reference() -> String {
    let mut page = HEAD.to_owned();
    page += "\n| id | severity | about | what it finds |\n| --- | --- | --- | --- |\n";
    for Check { id, title, category, severity, .. } in checks::all() {
        let (severity, category, anchor) = (severity.name(), category.name(), id.to_lowercase());
        // Nothing fails that is written to a text.
        writeln!(page, "| [{id}](#{anchor}) | {severity} | {category} | {title} |").ok();
    }
    for check in checks::all() {
        section(check, &mut page).ok();
    }
    page
}

fn section(check: &Check, page: &mut String) -> std::fmt::Result {
    let Check { id, title, severity, category, why, references, .. } = check;
    let references: Vec<_> = references.iter().map(|(tool, id)| format!("{tool} `{id}`")).collect();
    writeln!(page, "\n## {id}\n\n**{title}** · {} · {}\n", severity.name(), category.name())?;
    writeln!(page, "{why}\n\nElsewhere: {}.", references.join(", "))?;
    for (what, yaml) in
        [("Mend", check.mend), ("Found in", check.failing), ("Not found in", check.passing)]
    {
        writeln!(page, "\n{what}:\n\n```yaml\n{}\n```", shortened(yaml))?;
    }
    Ok(())
}

/// An example without what makes it long: it is there for its size.
fn shortened(yaml: &str) -> String {
    const LINES: usize = 60;
    let mut lines: Vec<_> = yaml
        .trim_end()
        .lines()
        .map(|line| {
            let shown: String = line.chars().take(160).collect();
            if shown.len() < line.len() { shown + "…" } else { shown }
        })
        .collect();
    if lines.len() > LINES {
        lines.truncate(LINES);
        lines.push("# …".into());
    }
    lines.join("\n")
}
