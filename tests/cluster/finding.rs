//! Which cluster is found, and what is said where none can be.

use std::path::Path;

use tokio::runtime::Runtime;
use weir::cluster::{Cluster, Error, Found, Options};
use weir::settings::Environment;

use crate::support::double::kube::ApiServer;

fn find(options: &Options, environment: &[(&str, &Path)]) -> Result<Found, Error> {
    weir::notify::prepare();
    let pairs = environment.iter().map(|(name, value)| ((*name).into(), (*value).into()));
    let environment = Environment::from_pairs(pairs);
    Runtime::new().expect("threads for it").block_on(Cluster::find(options, &environment))
}

#[test]
fn a_kubeconfig_is_found_by_flag_by_environment_and_at_home() {
    let home = tempfile::tempdir().unwrap();
    let api = ApiServer::start();
    let path = api.kubeconfig(home.path());
    let by_flag = Options { kubeconfig: Some(path.clone()), ..Options::default() };
    let context = |found: Result<Found, Error>| match found.unwrap() {
        Found::Cluster(cluster) => cluster.context().to_owned(),
        Found::Nothing(why) => why,
    };
    assert_eq!(context(find(&by_flag, &[])), "double");
    let missing = format!("/nowhere/config:{}", path.display());
    let several = [("KUBECONFIG", Path::new(&missing))];
    assert_eq!(context(find(&Options::default(), &several)), "double", "as kubectl has it");
    std::fs::create_dir(home.path().join(".kube")).unwrap();
    std::fs::rename(&path, home.path().join(".kube/config")).unwrap();
    assert_eq!(context(find(&Options::default(), &[("HOME", home.path())])), "double");
    let none = context(find(&Options::default(), &[("HOME", Path::new("/nowhere"))]));
    assert!(none.starts_with("no cluster: there is no kubeconfig at ~/.kube/config"), "{none}");
}

#[test]
fn what_was_named_and_cannot_be_used_says_how_to_mend_it() {
    let folder = tempfile::tempdir().unwrap();
    let api = ApiServer::start();
    let good = api.kubeconfig(folder.path());
    let bad = folder.path().join("bad");
    std::fs::write(&bad, "clusters: {").unwrap();
    let error = |kubeconfig: Option<&Path>, context: &str| {
        let kubeconfig = kubeconfig.map(Path::to_owned);
        let options = Options { kubeconfig, context: context.into(), ..Options::default() };
        find(&options, &[]).unwrap_err().to_string()
    };
    let missing = error(Some(Path::new("/nowhere/config")), "");
    assert!(missing.starts_with("use the kubeconfig /nowhere/config: "), "{missing}");
    assert!(missing.contains("No such file") && missing.contains("--kubeconfig"), "{missing}");
    assert!(error(Some(&bad), "").contains("bad: "));
    let context = error(Some(&good), "nothing");
    assert!(context.contains("nothing") && context.contains("--context"), "{context}");
    assert!(error(None, "prod").contains("there is no kubeconfig"));
    let text = std::fs::read_to_string(&good).unwrap();
    let proxied =
        text.replacen("\"server\"", "\"proxy-url\":\"http://127.0.0.1:3128\",\"server\"", 1);
    std::fs::write(&bad, proxied).unwrap();
    assert!(error(Some(&bad), "").contains("it names a proxy"));
}
