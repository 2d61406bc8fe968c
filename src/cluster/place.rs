//! Where a cluster is and who Weir is there: read from files, while nothing is run or asked yet.
//!
//! Files may be for root alone; what a kubeconfig has run is never run as root. So this comes before
//! root is given up, and [`super::Cluster::connect`] after it.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kube::config::{AuthInfo, Cluster, ExecConfig, ExecInteractiveMode, Kubeconfig};

use super::credential::unusable;
use super::{Error, Options};
use crate::settings::Environment;

/// Where a cluster is and who Weir is there, or why there is none.
#[derive(Clone)]
pub struct Place {
    pub(super) site: Site,
    pub(super) options: Options,
}

/// What was found.
#[derive(Clone)]
pub(super) enum Site {
    /// A kubeconfig, with the files that it names in it; and the first of those it was read from.
    Kubeconfig(Box<Kubeconfig>, PathBuf),
    /// This is a pod: of that namespace and name, where it says so.
    Pod { namespace: Option<String>, name: String },
    /// There is none.
    Nothing,
}

impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The kubeconfig holds credentials.
        f.debug_struct("Place").field("options", &self.options).finish_non_exhaustive()
    }
}

impl Place {
    /// Looks for a cluster: the kubeconfig of `options`, else those that `KUBECONFIG` names, else
    /// `~/.kube/config`, else the service account of the pod this runs in. To be called before root
    /// is given up.
    ///
    /// It is an error if what was named cannot be used, and none if nothing was named and nothing is
    /// there.
    pub fn read(options: &Options, environment: &Environment) -> Result<Self, Error> {
        let home = environment.home();
        let named: Vec<PathBuf> = match &options.kubeconfig {
            Some(path) => vec![path.clone()],
            None => there(environment.kubeconfig()),
        };
        let usual = home.as_ref().map(|home| home.join(".kube/config"));
        let usual = usual.filter(|path| named.is_empty() && path.is_file());
        let paths: Vec<_> = named.into_iter().chain(usual).collect();
        let site = if let Some(first) = paths.first() {
            let config = kubeconfig(&paths, &options.context, home.as_deref())?;
            Site::Kubeconfig(Box::new(config), first.clone())
        } else if !options.context.is_empty() {
            return Err(Error::NoKubeconfig { context: options.context.clone() });
        } else if let Some(name) = environment.pod() {
            let namespace = environment.pod_namespace().map(str::to_owned);
            Site::Pod { namespace, name: name.to_owned() }
        } else {
            Site::Nothing
        };
        Ok(Self { site, options: options.clone() })
    }
}

/// Those of `paths` that are there, as kubectl has it; the first, if none is.
fn there(paths: &[PathBuf]) -> Vec<PathBuf> {
    let there: Vec<_> = paths.iter().filter(|path| path.exists()).cloned().collect();
    if there.is_empty() { paths.iter().take(1).cloned().collect() } else { there }
}

fn kubeconfig(paths: &[PathBuf], context: &str, home: Option<&Path>) -> Result<Kubeconfig, Error> {
    let mut all = Kubeconfig::default();
    for path in paths {
        let failed = |error| Error::Kubeconfig { path: path.clone(), why: unusable(&error) };
        let next = Kubeconfig::read_from(path).map_err(failed)?;
        all = all.merge(next).map_err(failed)?;
    }
    if !context.is_empty() {
        all.current_context = Some(context.to_owned());
    }
    for program in all.auth_infos.iter_mut().filter_map(|one| one.auth_info.as_mut()?.exec.as_mut())
    {
        tame(program, home);
    }
    let chosen = all.contexts.iter().find(|one| Some(&one.name) == all.current_context.as_ref());
    if let Some(context) = chosen.and_then(|one| one.context.as_ref()) {
        let mut clusters = all.clusters.iter_mut().filter(|one| one.name == context.cluster);
        if let Some(cluster) = clusters.next().and_then(|one| one.cluster.as_mut()) {
            take_in_authority(cluster);
        }
        let mut users = all.auth_infos.iter_mut();
        let user = users.find(|one| Some(&one.name) == context.user.as_ref());
        if let Some(user) = user.and_then(|one| one.auth_info.as_mut()) {
            take_in_identity(user);
        }
    }
    Ok(all)
}

/// A program that gets credentials has no terminal to itself, and looks for what it keeps at the home
/// of the user that it runs as.
fn tame(program: &mut ExecConfig, home: Option<&Path>) {
    program.interactive_mode = Some(ExecInteractiveMode::Never);
    let Some(home) = home.and_then(Path::to_str) else { return };
    let env = program.env.get_or_insert_default();
    if !env.iter().any(|one| one.get("name").is_some_and(|name| name == "HOME")) {
        let pairs = [("name", "HOME"), ("value", home)];
        env.push(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
    }
}

/// Files that cannot be read stay named: whoever needs them says why.
fn take_in_authority(cluster: &mut Cluster) {
    if cluster.certificate_authority_data.is_none() {
        cluster.certificate_authority_data = content(cluster.certificate_authority.as_deref());
    }
}

fn take_in_identity(user: &mut AuthInfo) {
    if user.client_certificate_data.is_none() {
        user.client_certificate_data = content(user.client_certificate.as_deref());
    }
    if user.client_key_data.is_none() {
        user.client_key_data = content(user.client_key.as_deref()).map(Into::into);
    }
}

/// A file, as a kubeconfig holds it.
fn content(path: Option<&str>) -> Option<String> {
    Some(STANDARD.encode(std::fs::read(path?).ok()?))
}
