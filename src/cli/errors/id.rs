//! The names of errors. A name never changes its meaning and is never used for another error: scripts and search engines know it.

use super::super::exit;

macro_rules! error_ids {
    ($($code:ident { $($variant:ident $word:literal)+ })+) => {
        /// What went wrong, as a name; the long form stands in [`super::manual`].
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub(crate) enum ErrorId {
            $($($variant,)+)+
        }

        impl ErrorId {
            /// Every one, by exit code.
            pub(crate) const ALL: &[ErrorId] = &[$($(ErrorId::$variant,)+)+];

            /// The name.
            pub(crate) const fn word(self) -> &'static str {
                match self {
                    $($(ErrorId::$variant => $word,)+)+
                }
            }

            /// The exit code of a run that ends with it.
            pub(crate) const fn code(self) -> u8 {
                match self {
                    $($(ErrorId::$variant)|+ => exit::$code,)+
                }
            }
        }
    };
}

error_ids! {
    COMMAND_LINE {
        Usage "usage"
        NotOurs "not-ours"
        VolumeId "volume-id"
    }
    LOG_FILE {
        LogFile "log-file"
    }
    CONFIGURATION {
        ConfigUnreadable "config-unreadable"
        ConfigInvalid "config-invalid"
        NotValid "not-valid"
        SeveralActions "several-actions"
    }
    INTERRUPTED {
        Interrupted "interrupted"
        NotWaitedFor "not-waited-for"
    }
    FAILED {
        NothingStaged "nothing-staged"
        StagingUnreadable "staging-unreadable"
        LinkedDay "linked-day"
        OddMark "odd-mark"
        MarkNotWritten "mark-not-written"
        FilesUnreadable "files-unreadable"
        DaysUnreadable "days-unreadable"
        FilesMoving "files-moving"
        FilesUnfit "files-unfit"
        OwnerUnknown "owner-unknown"
        HookFailed "hook-failed"
        ReceiptsFolder "receipts-folder"
        NoReceipts "no-receipts"
        NotWell "not-well"
        NotOnDisc "not-on-disc"
        NoManifest "no-manifest"
        ImageUnreadable "image-unreadable"
        ImageNotWritten "image-not-written"
        TraceFile "trace-file"
        VirtualDisc "virtual-disc"
        DemoFolder "demo-folder"
        SpanJournal "span-journal"
        SpanJournalBroken "span-journal-broken"
        AnswerLost "answer-lost"
    }
    DRIVE {
        NoDrive "no-drive"
        DriveMissing "drive-missing"
        NotADrive "not-a-drive"
        DriveBusy "drive-busy"
        DriveMounted "drive-mounted"
        DriveNotPermitted "drive-not-permitted"
        DriveSilent "drive-silent"
        DriveLost "drive-lost"
        Tray "tray"
        SmallTransfers "small-transfers"
        SimulatedDrive "simulated-drive"
    }
    MEDIUM {
        NoDisc "no-disc"
        DiscUnreadable "disc-unreadable"
        NoFileSystem "no-file-system"
        NothingWhole "nothing-whole"
        TreeNotWhole "tree-not-whole"
        NotWritable "not-writable"
        NotErasable "not-erasable"
        NotFormattable "not-formattable"
        NotEmpty "not-empty"
        WrongLabel "wrong-label"
        OtherMedium "other-medium"
        BlankDiscWanted "blank-disc-wanted"
        DiscProtected "disc-protected"
        DiscClosed "disc-closed"
        DiscNotUnderstood "disc-not-understood"
        NeverInitialised "never-initialised"
        NextDisc "next-disc"
        SameDisc "same-disc"
    }
    NO_ROOM {
        NoRoom "no-room"
        DaysLeft "days-left"
        FileTooLarge "file-too-large"
        ImageNoRoom "image-no-room"
    }
    BURN {
        BlankingFailed "blanking-failed"
        FormattingFailed "formatting-failed"
        SetUpFailed "set-up-failed"
        WritingFailed "writing-failed"
        SuperblockFailed "superblock-failed"
    }
    DIFFERENCE {
        DiscDiffers "disc-differs"
        DiscUnsound "disc-unsound"
        NotReadBack "not-read-back"
        SessionNotShown "session-not-shown"
        FilesChanged "files-changed"
    }
    NOTHING_TO_STORE {
        NothingToStore "nothing-to-store"
    }
    AT_WORK {
        AtWork "at-work"
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_can_be_typed() {
        let words: BTreeSet<_> = ErrorId::ALL.iter().map(|id| id.word()).collect();
        assert_eq!(words.len(), ErrorId::ALL.len());
        for word in words {
            assert!(word.starts_with(|c: char| c.is_ascii_lowercase()), "{word}: a number is an exit code or a sense");
            assert!(word.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{word}");
        }
    }

    #[test]
    fn codes_are_in_order_and_have_words() {
        let codes: Vec<_> = ErrorId::ALL.iter().map(|id| id.code()).collect();
        assert!(codes.is_sorted() && usize::from(codes[codes.len() - 1]) == exit::MEANINGS.len() - 1, "{codes:?}");
    }
}
