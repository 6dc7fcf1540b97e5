//! The tokens of every look: what is read stands out from its ground by 7 to 1 (WCAG AAA), what is only seen by 3 to 1,
//! and no control is smaller than a fingertip.

use kiosk::core::Look;
use kiosk::ui::Theme;
use shared::wire::v1::Palette;
use slint::{Color, ComponentHandle};

fn luminance(c: Color) -> f64 {
    let part = |v: u8| {
        let v = f64::from(v) / 255.0;
        if v <= 0.040_45 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * part(c.red()) + 0.7152 * part(c.green()) + 0.0722 * part(c.blue())
}

fn contrast(a: Color, b: Color) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn every_look_can_be_read() {
    i_slint_backend_testing::init_no_event_loop();
    let (window, _shown) = kiosk::ui::window(|_| {}).unwrap();
    let t = window.global::<Theme>();
    let mut wrong = Vec::new();
    let mut sizes = Vec::new();
    for palette in [Palette::Light, Palette::Dark, Palette::Contrast] {
        for large in [false, true] {
            kiosk::ui::dress(&window, Look { palette, large });
            sizes.push(t.get_normal());
            assert!(t.get_target() >= 54.0);
        }
        let read = [
            ("ink on paper", t.get_ink(), t.get_paper()),
            ("ink on card", t.get_ink(), t.get_card()),
            ("soft on paper", t.get_soft(), t.get_paper()),
            ("soft on card", t.get_soft(), t.get_card()),
            ("on bar", t.get_on_bar(), t.get_bar()),
            ("on bar, soft", t.get_on_bar_soft(), t.get_bar()),
            ("waiting on bar", t.get_waiting(), t.get_bar()),
            ("ink on present", t.get_ink(), t.get_present_ground()),
            ("ink on late", t.get_ink(), t.get_late_ground()),
            ("ink on absent", t.get_ink(), t.get_absent_ground()),
            ("soft on present", t.get_soft(), t.get_present_ground()),
            ("soft on absent", t.get_soft(), t.get_absent_ground()),
            ("soft on late", t.get_soft(), t.get_late_ground()),
            ("present, small", t.get_present_text(), t.get_present_ground()),
            ("late, small", t.get_late_text(), t.get_late_ground()),
            ("late, small, on paper", t.get_late_text(), t.get_paper()),
            ("late, small, on card", t.get_late_text(), t.get_card()),
            ("absent, small", t.get_absent_text(), t.get_absent_ground()),
            ("expected", t.get_expected(), t.get_expected_ground()),
            ("go", t.get_on_go(), t.get_go()),
            ("act", t.get_on_act(), t.get_act()),
            ("act as ink", t.get_act(), t.get_paper()),
            ("resting", t.get_on_rest(), t.get_rest()),
            ("off", t.get_on_off(), t.get_off()),
        ];
        for (what, on, ground) in read {
            let ratio = contrast(on, ground);
            if ratio < 7.0 {
                wrong.push(format!("{palette:?}: {what}: {ratio:.2}"));
            }
        }
        let seen = [
            ("stroke", t.get_present(), t.get_present_ground()),
            ("L", t.get_late(), t.get_late_ground()),
            ("ring", t.get_absent(), t.get_absent_ground()),
            ("dashes", t.get_dash(), t.get_paper()),
            ("sent", t.get_sent(), t.get_bar()),
            ("on the strip: here", t.get_soft(), t.get_present_ground()),
        ];
        for (what, on, ground) in seen {
            let ratio = contrast(on, ground);
            if ratio < 3.0 {
                wrong.push(format!("{palette:?}: {what}: {ratio:.2}"));
            }
        }
    }
    assert!(wrong.is_empty(), "too faint:\n{}", wrong.join("\n"));
    assert!(sizes[1] > sizes[0] * 1.2, "large text is larger: {sizes:?}");
}
