//! After the burn: the system is made to show the session. Promised: the day is marked before anything is moved for that, and nothing that
//! becomes of it fails the run; and a day that was on the disc already is shown, too.

use crate::support::{BackupBox, MEDIA, MON, Run, TUE};

/// A drive beside a system that hears of another disc only when the tray was out and in.
fn unseen(nas: &BackupBox, habit: &str) -> Run {
    nas.store_on(MON, &format!("unseen{habit}"))
}

/// Stop, start, open, close: the moments of a run.
const MOVEMENTS: [&str; 4] = ["startstop#1", "startstop#2", "startstop#3", "startstop#4"];

#[test]
fn a_run_that_is_killed_while_it_moves_the_tray_has_marked_the_day() {
    for media in MEDIA {
        for moment in MOVEMENTS {
            let nas = BackupBox::new(media);
            nas.stage(MON);
            let run = unseen(&nas, &format!(",fault={moment}:kill"));
            assert!(run.signal.is_some(), "{media}, {moment}: {run}");
            assert!(nas.is_marked(MON), "{media}, {moment}: {run}");
            nas.assert_verified();
            nas.stage_and_store(TUE);
            assert_eq!(nas.days(), [MON, TUE], "{media}, {moment}");
        }
    }
}

#[test]
fn a_drive_that_does_not_move_its_tray_is_no_failed_run() {
    for movement in MOVEMENTS {
        let nas = BackupBox::new("dvd+rw");
        nas.stage(MON);
        let run = unseen(&nas, &format!(",fault={movement}:5/53/02")).expect_code(0);
        assert!(nas.is_marked(MON), "{movement}: {run}");
    }
}

#[test]
fn a_day_that_an_interrupted_run_left_on_the_disc_is_shown_by_the_run_that_proves_it() {
    for media in MEDIA {
        let nas = BackupBox::new(media);
        nas.stage_and_store(MON);
        nas.remove_mark(MON);
        let burned = nas.disc_content();
        let trace = nas.path("trace");
        let device = format!("{},unseen", nas.device());
        let run = Run::of(nas.store_command(MON, &device).arg("--scsi-trace").arg(&trace)).expect_code(0);
        assert!(nas.is_marked(MON) && nas.disc_content() == burned, "{media}: {run}");
        let trace = std::fs::read_to_string(trace).unwrap();
        let shown = trace.rfind("the system takes the medium for 0 sectors");
        let closed = trace.find("1b 00 00 00 03 00");
        assert!(closed.is_some() && shown < closed, "{media}: {trace}");
    }
}
