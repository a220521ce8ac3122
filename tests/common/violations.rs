//! What the simulated drive says of its clients: no run of the program does what a real drive would take amiss.

/// What a run may do where the drive failed it so, and nowhere else.
const EXCUSED: [(&str, &str); 2] = [
    // The run ends where the drive failed. What had not been written by then is no part of any backup.
    (",fault=", "data was left in the buffer"),
    // A drive that does not answer how far it is can't be waited for.
    (",fault=", "an operation was left running"),
];

/// What is amiss in what simulated drives wrote to their `violations=FILE`.
pub(crate) fn amiss(report: &str) -> Vec<String> {
    let excused = |line: &&str| EXCUSED.iter().any(|(fault, what)| line.starts_with(what) && line.contains(fault));
    report.lines().filter(|line| !excused(line)).map(str::to_owned).collect()
}
