//! A classroom's kiosk from power-on to a register that was sent, with the cable out for a while; and how shut its machine is.
//!
//! Must never: take a touch for a mark.

use super::{Set, page, ready, said, sent};
use crate::image::machine::Board;
use crate::image::scene::{BLANKS, PATIENCE, SUBMIT, tile};
use crate::image::seat::Seat;
use crate::process::Trouble;

/// The stage.
///
/// # Errors
/// What was not as it is to be.
pub async fn register(set: &Set) -> Result<(), Trouble> {
    let scene = set.scene("register", 8, 40).await?;
    let room = scene.school.rooms().into_iter().next().ok_or("the school has no room")?;
    let setup = page(&scene, &room.name, &format!("classes = [\"{}\"]\n", room.class_name))?;
    let parts = scene.parts(&set.image, Board::Virt, "kiosk", &setup, |_| Ok(()))?;
    let mut seat = Seat { machine: scene.start(&parts)?, pictures: set.pictures() };
    ready(&scene, &mut seat, &room.name).await?;
    seat.picture("register-1-ready")?;
    shut(&mut seat)?;

    let (_, pin) = room.staff.clone().ok_or("the class has no teacher")?;
    seat.sign_on(&pin)?;
    seat.picture("register-2-signed-on")?;
    seat.mark(&[tile(0), tile(1), tile(2)], 3)?;
    seat.picture("register-3-three-marks")?;

    // The cable out, marks, the cable back.
    seat.machine.cable(false)?;
    seat.mark(&[tile(3), tile(4)], 2)?;
    let waiting = seat.status()?["unsent"].as_u64().unwrap_or(0);
    seat.picture("register-4-no-network")?;
    if waiting < 2 {
        return Err(format!("with the cable out {waiting} entries wait").into());
    }
    seat.machine.cable(true)?;
    sent(&mut seat).await?;
    let facts = scene.facts().await?.iter().filter(|f| f.kind == "marked" && f.room == room.name).count();
    said(&format!("five marks by finger, two of them with the cable out: the server has {facts}"));
    if facts != 5 {
        return Err("not every mark arrived".into());
    }
    seat.mark(&[BLANKS], 5)?;
    seat.mark(&[SUBMIT], 1)?;
    seat.picture("register-5-submitted")?;
    sent(&mut seat).await?;
    if !scene.facts().await?.iter().any(|f| f.kind == "submitted" && f.room == room.name) {
        return Err("the register did not arrive".into());
    }
    said("the register is submitted, and the server has it");
    Ok(())
}

/// No port listens, no log-in waits, the root cannot be written, the data partition has grown.
fn shut(seat: &mut Seat) -> Result<(), Trouble> {
    let mut ask = |what: &str| seat.machine.shell(what, PATIENCE);
    let listening = ask("cat /proc/net/tcp /proc/net/tcp6 | awk '$4 == \"0A\"' | wc -l")?;
    let udp = ask("cat /proc/net/udp /proc/net/udp6 | awk '$4 == \"07\" {print $2}' | tr '\\n' ' '")?;
    let getty = ask("cat /proc/[0-9]*/comm 2>/dev/null | grep -c getty")?;
    let root = ask("findmnt -n -o FSTYPE /; findmnt -n -o FSTYPE,OPTIONS /run/root/card")?;
    let data = ask("findmnt -n -b -o SIZE,OPTIONS /var/lib/rollbook-kiosk")?;
    // Each interface of USB: its class, and whether it was let in. A hub is 09, a keyboard 03, a stick 08.
    let usb = ask(
        "for i in /sys/bus/usb/devices/*:*; do echo $(cat $i/bInterfaceClass)=$(cat $i/authorized); done | sort | tr '\\n' ' '",
    )?;
    let sticks = ask("ls /sys/block | grep -c ^sd; grep -ci keyboard /proc/bus/input/devices")?;
    let swap = ask("tail -n +2 /proc/swaps | wc -l")?;
    let journal = ask("du -sk /run/log/journal | cut -f1; ls /var/log/journal 2>&1 | head -1")?;
    let failed = ask("systemctl --failed --no-legend --plain | cut -d' ' -f1 | tr '\\n' ' '")?;
    said(&format!("listening TCP ports: {listening}; UDP sockets: {udp}; log-ins: {getty}; swap: {swap}"));
    said(&format!("USB: {usb}; sticks and keyboards that the system has: {}", sticks.replace('\n', ", ")));
    said(&format!("root: {}; data: {data}", root.replace('\n', ", ")));
    said(&format!("journal in memory: {} KiB; failed units: {failed}", journal.replace('\n', ", on disk: ")));
    let grown = data.split_whitespace().next().and_then(|n| n.parse::<u64>().ok()).is_some_and(|n| n > 500 << 20);
    if sticks != "0\n0" || !usb.contains("03=0") || !usb.contains("08=0") {
        return Err("a USB keyboard or stick was let in".into());
    }
    match (listening.as_str(), getty.as_str(), swap.as_str(), failed.as_str(), grown) {
        ("0", "0", "0", "", true) => Ok(()),
        _ => Err("the machine is not as shut, or not as whole, as it is to be".into()),
    }
}
