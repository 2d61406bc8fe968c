use rusqlite::Connection;

use super::*;

/// A database as the first version made it, with one incident that goes on and one that is over.
fn first_version(path: &std::path::Path) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let connection = Connection::open(path).unwrap();
    connection.execute_batch(include_str!("../schema/1.sql")).unwrap();
    connection
        .execute_batch(
            "PRAGMA application_id = 0x57656972; PRAGMA user_version = 1;
             INSERT INTO users VALUES ('ops', 'admin', 'x', 'y', 5);
             INSERT INTO incidents VALUES ('00000000000000aa', 'scan', 'high', 'open', 0.5,
                 '203.0.113.1', '{\"listed\":[\"203.0.113.1\"],\"total\":1}',
                 '{\"listed\":[\"192.0.2.10\"],\"total\":9}', 22, 3, 4, 5, 10, 20, 15, NULL,
                 '[{\"feature\":\"f\",\"text\":\"t\"}]', '[\"00000000000000ff\"]');
             INSERT INTO incidents SELECT '00000000000000bb', class, severity, 'resolved', score,
                 pivot, sources, targets, target_port, flows, packets, bytes, first_us, last_us,
                 detected_us, 80, why, flow_ids FROM incidents;",
        )
        .unwrap();
}

#[test]
fn incidents_of_the_first_version_are_kept_and_live_on() {
    let (_folder, path) = place();
    first_version(&path);
    let mut store = Store::open(&path).unwrap();
    let reader = Reader::open(&path).unwrap();
    let open = reader.incident(IncidentId(0xaa)).unwrap().unwrap();
    assert_eq!((open.status, open.severity, open.reopened), (Status::Open, Severity::High, 0));
    assert_eq!((open.class, open.targets.total, open.flow_ids.len()), (Class::Scan, 9, 1));
    assert_eq!((open.related.len(), open.muted_by), (0, None));
    let over = reader.incident(IncidentId(0xbb)).unwrap().unwrap();
    assert_eq!((over.status, over.resolved_us), (Status::Resolved, Some(80)));
    assert_eq!(reader.standing_incidents(81).unwrap(), [open]);

    store.tell(&[WEBHOOK]).unwrap();
    let outbox = Outbox::open(&path).unwrap();
    let told = outbox.next(SinkName::Webhook, i64::MAX, 9).unwrap();
    assert_eq!(told.iter().map(|entry| entry.incident.id.0).collect::<Vec<_>>(), [0xaa]);
    let taken = Actions::open(&path).unwrap().acknowledge(IncidentId(0xaa), &by()).unwrap();
    assert_eq!(taken.status, Status::Acknowledged);
    // Nothing is so old that it must go.
    let week = std::time::Duration::from_hours(7 * 24);
    let retention = crate::store::Retention { age: week, bytes: u64::MAX };
    assert_eq!(store.prune(&retention).unwrap(), crate::store::Pruned::default());
}

#[test]
fn a_new_database_is_laid_out_as_an_upgraded_one() {
    let layout = |path: &std::path::Path| {
        drop(Store::open(path).unwrap());
        let connection = Connection::open(path).unwrap();
        let mut select =
            connection.prepare("SELECT name, sql FROM sqlite_schema ORDER BY name").unwrap();
        let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.collect::<Result<Vec<(String, Option<String>)>, _>>().unwrap()
    };
    let (_folder, old) = place();
    first_version(&old);
    let (_folder, new) = place();
    assert_eq!(layout(&old), layout(&new));
}
