//! Who the drive is: standard INQUIRY data, vital product data and the list of logical units (SPC-4 6.4, 6.33, 7.8).

use super::sense::Sense;

const VENDOR: &[u8; 8] = b"CEDARBRN";
const PRODUCT: &[u8; 16] = b"SIMULATED DRIVE ";
const REVISION: &[u8; 4] = b"1.00";

/// As feature 0108h has it.
const SERIAL: &[u8; 8] = b"00000001";

/// Peripheral device type: CD, DVD or BD.
const OPTICAL: u8 = 0x05;

/// The reply to INQUIRY: with `vital` the page, without it the standard data.
pub(super) fn inquiry(vital: bool, page: u8) -> Result<Vec<u8>, Sense> {
    if vital {
        return vital_product_data(page);
    }
    if page != 0 {
        return Err(Sense::cdb_field(2, None));
    }
    // Removable medium, SPC-3, response data format 2.
    let mut reply = vec![OPTICAL, 0x80, 0x05, 0x02, 0x1f, 0, 0, 0];
    reply.extend_from_slice(VENDOR);
    reply.extend_from_slice(PRODUCT);
    reply.extend_from_slice(REVISION);
    Ok(reply)
}

/// Which pages there are, the serial number, and a designator: T10 vendor identification, of the logical unit, in ASCII.
fn vital_product_data(page: u8) -> Result<Vec<u8>, Sense> {
    let body = match page {
        0x00 => vec![0x00, 0x80, 0x83],
        0x80 => SERIAL.to_vec(),
        0x83 => [&[0x02, 0x01, 0x00, 32], &VENDOR[..], PRODUCT, SERIAL].concat(),
        _ => return Err(Sense::cdb_field(2, None)),
    };
    let mut reply = vec![OPTICAL, page];
    reply.extend_from_slice(&super::family::counted(&body));
    Ok(reply)
}

/// REPORT LUNS: unit 0, and no other. There are no well known ones to select.
pub(super) fn logical_units(select: u8) -> Result<Vec<u8>, Sense> {
    match select {
        0x00 | 0x02 => Ok([[0, 0, 0, 8, 0, 0, 0, 0], [0; 8]].concat()),
        0x01 => Ok(vec![0; 8]),
        _ => Err(Sense::cdb_field(2, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vital_product_data_is_as_the_standard_lays_it_out() {
        assert_eq!(inquiry(true, 0x00).unwrap(), [5, 0, 0, 3, 0, 0x80, 0x83]);
        assert_eq!(inquiry(true, 0x80).unwrap(), *b"\x05\x80\x00\x0800000001");
        let device = inquiry(true, 0x83).unwrap();
        assert_eq!(device[..8], [5, 0x83, 0, 36, 0x02, 0x01, 0, 32]);
        assert_eq!(device[8..], *b"CEDARBRNSIMULATED DRIVE 00000001");
        assert!(inquiry(true, 0xb0).is_err() && inquiry(false, 0x80).is_err());
    }

    #[test]
    fn unit_0_is_the_only_one() {
        assert_eq!(logical_units(0).unwrap(), [0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(logical_units(1).unwrap(), [0; 8]);
        assert!(logical_units(3).is_err());
    }
}
