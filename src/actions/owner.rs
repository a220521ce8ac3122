//! Users and groups by name, from `/etc/passwd` and `/etc/group` themselves.
//!
//! Not through the C library: a static program that asks its name service loads shared objects at run time, which an appliance
//! need not have. Users that exist only in a directory service are therefore not found; the error says where was looked.

use std::fs::{self, File};
use std::io;

use nix::unistd::{Gid, Uid, geteuid};

/// A user and a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    uid: Uid,
    gid: Gid,
}

/// A name that nobody has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no {what} {name} in {file}")]
pub struct UnknownName {
    what: &'static str,
    name: String,
    file: &'static str,
}

impl Owner {
    /// Looks both names up.
    ///
    /// # Errors
    /// When one of them is unknown.
    pub fn named(user: &str, group: &str) -> Result<Owner, UnknownName> {
        let uid = number_of("user", user, "/etc/passwd")?;
        let gid = number_of("group", group, "/etc/group")?;
        Ok(Owner { uid: Uid::from_raw(uid), gid: Gid::from_raw(gid) })
    }

    /// As [`named`](Owner::named), but nothing where this process could not give files away anyhow.
    ///
    /// # Errors
    /// When one of the names is unknown.
    pub fn if_root(user: &str, group: &str) -> Result<Option<Owner>, UnknownName> {
        if geteuid().is_root() { Owner::named(user, group).map(Some) } else { Ok(None) }
    }

    /// Makes an open file theirs. By its descriptor: a name may lead elsewhere by now.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn give(self, file: &File) -> io::Result<()> {
        std::os::unix::fs::fchown(file, Some(self.uid.as_raw()), Some(self.gid.as_raw()))
    }
}

/// Both files have the name first and the number third.
fn number_of(what: &'static str, name: &str, file: &'static str) -> Result<u32, UnknownName> {
    let text = fs::read(file).unwrap_or_default();
    find(&String::from_utf8_lossy(&text), name).ok_or_else(|| UnknownName { what, name: name.to_owned(), file })
}

fn find(text: &str, name: &str) -> Option<u32> {
    text.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next()? == name).then(|| fields.nth(1)?.parse().ok()).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_whole() {
        let passwd = "root:x:0:0:root:/root:/bin/sh\nbackup:x:34:34:backup:/var/backups:/usr/sbin/nologin\n";
        assert_eq!(find(passwd, "backup"), Some(34));
        assert_eq!(find(passwd, "back"), None);
        assert_eq!(find(passwd, "34"), None);
    }

    #[test]
    fn an_unknown_name_is_told_with_the_place_that_was_searched() {
        let error = Owner::named("root", "no-such-group-here").unwrap_err();
        assert_eq!(error.to_string(), "there is no group no-such-group-here in /etc/group");
    }
}
