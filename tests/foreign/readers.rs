//! One function for all readers.

use crate::foreign::compare::{Limit, Reader, judge};
use crate::foreign::image::Image;
use crate::foreign::listing::{Listing, of_extraction};
use crate::foreign::{bsdtar, hadris, isofs, isoinfo, pycdlib, seven_zip, xorriso};

/// All of them.
pub(crate) const READERS: [Reader; 10] = [
    Reader::Xorriso,
    Reader::XorrisoExtraction,
    Reader::Isoinfo,
    Reader::SevenZip,
    Reader::SevenZipExtraction,
    Reader::Bsdtar,
    Reader::BsdtarExtraction,
    Reader::Isofs,
    Reader::Hadris,
    Reader::Pycdlib,
];

/// What `reader` shows of the session, or what it says when it gives up.
pub(crate) fn list(reader: Reader, image: &Image) -> Result<Listing, String> {
    Ok(match reader {
        Reader::Xorriso => xorriso::list(image),
        Reader::XorrisoExtraction => of_extraction(&xorriso::extract(image)),
        Reader::Isoinfo => isoinfo::list(image)?,
        Reader::SevenZip => seven_zip::list(image),
        Reader::SevenZipExtraction => of_extraction(&seven_zip::extract(image)),
        Reader::Bsdtar => bsdtar::list(image)?,
        Reader::BsdtarExtraction => of_extraction(&bsdtar::extract(image)?),
        Reader::Isofs => isofs::list(image),
        Reader::Hadris => hadris::list(image),
        Reader::Pycdlib => pycdlib::list(image)?,
    })
}

/// As [`list`], without reading contents: `None` for the readers that restore.
pub(crate) fn list_only(reader: Reader, image: &Image) -> Option<Result<Listing, String>> {
    Some(match reader {
        Reader::Xorriso => Ok(xorriso::list(image)),
        Reader::Isoinfo => isoinfo::list_only(image),
        Reader::SevenZip => Ok(seven_zip::list(image)),
        Reader::Bsdtar => bsdtar::list(image),
        Reader::Isofs => Ok(isofs::list_with(image, false)),
        Reader::Hadris => Ok(hadris::list_with(image, false)),
        Reader::Pycdlib => pycdlib::list_tree(image.view(), pycdlib::Names::RockRidge, false),
        Reader::XorrisoExtraction | Reader::SevenZipExtraction | Reader::BsdtarExtraction => return None,
    })
}

/// Fails with every difference of every one of `readers` that does not show `expected`.
pub(crate) fn assert_show(readers: &[Reader], expected: &Listing, image: &Image, limits: &[Limit]) {
    let mut differences = Vec::new();
    for &reader in readers {
        differences.extend(judge(expected, list(reader, image), reader, limits));
    }
    assert!(differences.is_empty(), "session at sector {}:\n{}", image.start, differences.join("\n"));
}
