use super::cron::is_schedule;
use crate::posture::check::{Category, Check, Rule, Severity};
use crate::posture::cursor::Cursor;
use crate::posture::found::Found;
use crate::posture::object::Object;

pub(super) const CHECK: Check = Check {
    id: "WEIR-611",
    title: "A Job or a CronJob lacks a limit, or a schedule that can be read",
    category: Category::Reliability,
    severity: Severity::Low,
    why: "Runs that hang stay for ever, runs that are late pile up beside the next ones, and a \
          CronJob that missed more than a hundred of them without a deadline is not started any \
          more.",
    mend: "\
spec:
  schedule: \"0 3 * * *\"
  startingDeadlineSeconds: 600
  concurrencyPolicy: Forbid
",
    references: &[
        ("datree", "CRONJOB_INVALID_SCHEDULE_VALUE"),
        ("datree", "CRONJOB_MISSING_CONCURRENCYPOLICY_KEY"),
        ("datree", "CRONJOB_MISSING_STARTINGDEADLINESECOND_KEY"),
        ("kube-linter", "job-ttl-seconds-after-finished"),
        ("kube-score", "cronjob-has-deadline"),
    ],
    failing: "\
apiVersion: batch/v1
kind: CronJob
metadata: { name: import }
spec:
  schedule: \"0 3 * * *\"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: OnFailure
          containers: [{ name: import, image: shop/import:1.4 }]
",
    passing: "\
apiVersion: batch/v1
kind: CronJob
metadata: { name: import }
spec:
  schedule: \"0 3 * * *\"
  startingDeadlineSeconds: 600
  concurrencyPolicy: Forbid
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: OnFailure
          containers: [{ name: import, image: shop/import:1.4 }]
",
    rule: Rule::Object(&["CronJob", "Job"], look),
};

fn look(object: &Object<'_>, found: &mut Found<'_>) {
    let spec = object.spec();
    if object.kind == "CronJob" {
        look_at_cron_job(&spec, found);
    } else if !object.metadata().get("ownerReferences").exists() {
        look_at_job(&spec, found);
    }
}

fn look_at_cron_job(spec: &Cursor<'_>, found: &mut Found<'_>) {
    let schedule = spec.get("schedule");
    if !is_schedule(schedule.word()) {
        found.at(&schedule, "no schedule can be read here");
    }
    let deadline = spec.get("startingDeadlineSeconds");
    if !deadline.exists() {
        found.at(&deadline, "nothing says how late a run may start");
    }
    let policy = spec.get("concurrencyPolicy");
    if matches!(policy.word(), "" | "Allow") {
        found.at(&policy, "a run starts even if the one before it has not ended");
    }
}

fn look_at_job(spec: &Cursor<'_>, found: &mut Found<'_>) {
    let (ttl, deadline) = (spec.get("ttlSecondsAfterFinished"), spec.get("activeDeadlineSeconds"));
    if !ttl.exists() {
        found.at(&ttl, "it and its pods stay for ever once it has ended");
    }
    if !deadline.exists() {
        found.at(&deadline, "nothing ends it if it hangs");
    }
}
