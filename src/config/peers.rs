//! `peers`, the list in it and in `stage`, and `stage` itself.

use std::path::PathBuf;

use super::error::{ConfigError, ConfigWarning};
use super::node::{Node, TEXT};
use super::options::{Options, managed_actions};
use super::words::{Word, one_of};

/// A machine whose data is staged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Name of its directory in a daily directory.
    pub name: String,
    /// Where its data lies.
    pub collect_dir: PathBuf,
    /// When its absence is no failure; absent is never.
    pub ignore_failures: Option<IgnoreFailures>,
    /// How it is reached.
    pub reach: Reach,
}

/// How a peer is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// Its collect directory is on this machine.
    Local,
    /// By a remote copy.
    Remote(Remote),
}

/// What a remote peer has of its own; what is absent comes from `options`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote {
    /// User on the peer.
    pub backup_user: Option<String>,
    /// Copies from it.
    pub rcp_command: Option<String>,
    /// Runs commands on it.
    pub rsh_command: Option<String>,
    /// Cedar Backup on it.
    pub cback_command: Option<String>,
    /// Whether its actions are run from here.
    pub managed: bool,
    /// Those actions; empty for the list in `options`.
    pub managed_actions: Vec<String>,
}

/// When a peer that is not ready is no failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IgnoreFailures {
    /// Never.
    None,
    /// Always.
    All,
    /// On days that neither start the week nor are full.
    Daily,
    /// On days that start the week or are full.
    Weekly,
}

impl Word for IgnoreFailures {
    const ALL: &'static [IgnoreFailures] =
        &[IgnoreFailures::None, IgnoreFailures::All, IgnoreFailures::Daily, IgnoreFailures::Weekly];

    fn word(self) -> &'static str {
        match self {
            IgnoreFailures::None => "none",
            IgnoreFailures::All => "all",
            IgnoreFailures::Daily => "daily",
            IgnoreFailures::Weekly => "weekly",
        }
    }
}

/// `local` and `remote`, for messages.
#[derive(Clone, Copy)]
enum PeerType {
    Local,
    Remote,
}

impl Word for PeerType {
    const ALL: &'static [PeerType] = &[PeerType::Local, PeerType::Remote];

    fn word(self) -> &'static str {
        match self {
            PeerType::Local => "local",
            PeerType::Remote => "remote",
        }
    }
}

/// The `stage` section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// The staging root.
    pub staging_dir: PathBuf,
    /// If there are any, they stand for the whole list in `peers`.
    pub peers: Vec<Peer>,
}

impl Stage {
    pub(super) fn read(
        section: &Node<'_>,
        options: &Options,
        has_peers_section: bool,
        warnings: &mut Vec<ConfigWarning>,
    ) -> Result<Stage, ConfigError> {
        section.note_strangers(&["staging_dir"], &["peer"], warnings);
        let staging_dir = section.required_path("staging_dir")?;
        let peers = peer_list(section, options, warnings)?;
        if peers.is_empty() && !has_peers_section {
            return Err(section.missing("peer", &one_peer()));
        }
        Ok(Stage { staging_dir, peers })
    }
}

/// The `peers` section: a list with somebody in it.
pub(super) fn read_peers(
    section: &Node<'_>,
    options: &Options,
    warnings: &mut Vec<ConfigWarning>,
) -> Result<Vec<Peer>, ConfigError> {
    section.note_strangers(&[], &["peer"], warnings);
    match peer_list(section, options, warnings)? {
        peers if peers.is_empty() => Err(section.missing("peer", &one_peer())),
        peers => Ok(peers),
    }
}

fn one_peer() -> String {
    format!("a peer with a type that is {}", one_of::<PeerType>())
}

/// The peers in `section` that Cedar would see.
fn peer_list(
    section: &Node<'_>,
    options: &Options,
    warnings: &mut Vec<ConfigWarning>,
) -> Result<Vec<Peer>, ConfigError> {
    let mut peers: Vec<Peer> = Vec::new();
    let mut names: Vec<(&str, u32)> = Vec::new();
    for node in section.sections("peer") {
        let kind = node.value("type");
        let Some(known) = kind.as_ref().and_then(|kind| PeerType::parse(kind.text)) else {
            let kind = kind.map(|kind| kind.text.to_owned());
            warnings.push(ConfigWarning::PeerIgnored { path: node.path, line: node.line, kind });
            continue;
        };
        let peer = read_peer(&node, known, options, warnings)?;
        let name = node.required("name", TEXT)?;
        if let Some(&(_, first_line)) = names.iter().find(|(earlier, _)| *earlier == name.text) {
            let value = name.text.to_owned();
            return Err(ConfigError::Duplicate { path: name.path, line: name.line, value, first_line });
        }
        names.push((name.text, name.line));
        peers.push(peer);
    }
    Ok(peers)
}

fn read_peer(
    node: &Node<'_>,
    kind: PeerType,
    options: &Options,
    warnings: &mut Vec<ConfigWarning>,
) -> Result<Peer, ConfigError> {
    // The remote ones are no strangers in a local peer: Cedar's own files keep them when a type is changed.
    node.note_strangers(
        &[
            "name",
            "type",
            "collect_dir",
            "ignore_failures",
            "backup_user",
            "rcp_command",
            "rsh_command",
            "cback_command",
            "managed",
            "managed_actions",
        ],
        &[],
        warnings,
    );
    Ok(Peer {
        name: node.required_text("name")?,
        collect_dir: node.required_path("collect_dir")?,
        ignore_failures: node.word("ignore_failures")?,
        reach: match kind {
            PeerType::Local => Reach::Local,
            PeerType::Remote => Reach::Remote(read_remote(node, options)?),
        },
    })
}

fn read_remote(node: &Node<'_>, options: &Options) -> Result<Remote, ConfigError> {
    let remote = Remote {
        backup_user: node.text("backup_user"),
        rcp_command: node.text("rcp_command"),
        rsh_command: node.text("rsh_command"),
        cback_command: node.text("cback_command"),
        managed: node.boolean("managed")?,
        managed_actions: managed_actions(node)?,
    };
    // backup_user and rcp_command always come from options, where they are required.
    if remote.managed {
        let needs = |name: &str| node.missing(name, "given for a managed peer, here or in options");
        if remote.rsh_command.is_none() && options.rsh_command.is_none() {
            return Err(needs("rsh_command"));
        }
        if remote.cback_command.is_none() && options.cback_command.is_none() {
            return Err(needs("cback_command"));
        }
        if remote.managed_actions.is_empty() && options.managed_actions.is_empty() {
            return Err(needs("managed_actions"));
        }
    }
    Ok(remote)
}
