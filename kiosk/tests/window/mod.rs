//! A desk with its window: what is pressed, found by its accessible label, goes to the core, and its answer is shown.
#![allow(dead_code)] // each test binary uses its own part

use crate::fixture::Desk;
use i_slint_backend_testing::{AccessibleRole, ElementHandle, ElementQuery};
use kiosk::core::Msg;
use kiosk::ui::{KioskWindow, Shown};
use slint::platform::{Key, PointerEventButton, WindowEvent};
use slint::{ComponentHandle, LogicalPosition, LogicalSize, SharedString};
use std::cell::RefCell;
use std::rc::Rc;

thread_local! {
    // One for each test's thread.
    static PLATFORM: () = i_slint_backend_testing::init_no_event_loop();
}

/// A desk with its window.
pub struct Kiosk {
    pub desk: Desk,
    pub window: KioskWindow,
    shown: Rc<Shown>,
    sent: Rc<RefCell<Vec<Msg>>>,
}

impl Kiosk {
    pub fn new(desk: Desk) -> Self {
        Self::sized(desk, 800.0, 480.0)
    }
    pub fn sized(desk: Desk, width: f32, height: f32) -> Self {
        PLATFORM.with(|_| {});
        let sent: Rc<RefCell<Vec<Msg>>> = Rc::default();
        let out = sent.clone();
        let (window, shown) = kiosk::ui::window(move |msg| out.borrow_mut().push(msg)).unwrap();
        window.window().set_size(LogicalSize::new(width, height));
        window.show().unwrap();
        let kiosk = Self { desk, window, shown, sent };
        kiosk.show();
        kiosk
    }
    pub fn show(&self) {
        self.shown.show(&self.window, &self.desk.view());
        // A change of size is heard by the window's own properties.
        slint::platform::update_timers_and_animations();
    }
    /// Hands what the window sent to the core, and shows what it says.
    pub fn turn(&mut self) {
        let msgs: Vec<_> = self.sent.borrow_mut().drain(..).collect();
        for msg in msgs {
            self.desk.send(msg);
        }
        self.show();
    }
    pub fn labelled(&self, label: &str) -> ElementHandle {
        let all: Vec<_> = ElementHandle::find_by_accessible_label(&self.window, label)
            .filter(|e| e.accessible_role() != Some(AccessibleRole::None))
            .collect();
        assert_eq!(all.len(), 1, "{} things are labelled {label:?}; there are {:?}", all.len(), self.labels());
        all.into_iter().next().unwrap()
    }
    /// Whether something on the screen says this, alone or in a longer sentence.
    pub fn says(&self, words: &str) -> bool {
        let all = ElementQuery::from_root(&self.window).find_all();
        all.iter().filter_map(ElementHandle::accessible_label).any(|label| label.replace('\u{a0}', " ").contains(words))
    }
    pub fn buttons(&self) -> Vec<ElementHandle> {
        ElementQuery::from_root(&self.window).match_accessible_role(AccessibleRole::Button).find_all()
    }
    pub fn labels(&self) -> Vec<String> {
        self.buttons().iter().filter_map(|b| b.accessible_label()).map(String::from).collect()
    }
    /// A finger on it.
    pub fn press(&mut self, label: &str) {
        self.labelled(label).mock_single_click(PointerEventButton::Left);
        self.turn();
    }
    /// The same through the accessibility tree.
    pub fn invoke(&mut self, label: &str) {
        self.labelled(label).invoke_accessible_default_action();
        self.turn();
    }
    pub fn type_keys(&mut self, text: &str) {
        for c in text.chars() {
            let text: SharedString = if c == '\n' { Key::Return.into() } else { c.into() };
            self.window.window().dispatch_event(WindowEvent::KeyPressed { text: text.clone() });
            self.window.window().dispatch_event(WindowEvent::KeyReleased { text });
        }
        self.turn();
    }
    /// A finger at a place.
    pub fn touch(&mut self, x: f32, y: f32) {
        let (position, button) = (LogicalPosition::new(x, y), PointerEventButton::Left);
        let window = self.window.window();
        window.dispatch_event(WindowEvent::PointerMoved { position });
        window.dispatch_event(WindowEvent::PointerPressed { position, button });
        window.dispatch_event(WindowEvent::PointerReleased { position, button });
        self.turn();
    }
    /// A finger that drags.
    pub fn drag(&mut self, from: (f32, f32), to: (f32, f32)) {
        let at = |(x, y): (f32, f32)| LogicalPosition::new(x, y);
        let button = PointerEventButton::Left;
        let window = self.window.window();
        window.dispatch_event(WindowEvent::PointerMoved { position: at(from) });
        window.dispatch_event(WindowEvent::PointerPressed { position: at(from), button });
        for step in 1..=10_u8 {
            let part = f32::from(step) / 10.0;
            let position = at((from.0 + (to.0 - from.0) * part, from.1 + (to.1 - from.1) * part));
            i_slint_backend_testing::mock_elapsed_time(std::time::Duration::from_millis(20));
            window.dispatch_event(WindowEvent::PointerMoved { position });
        }
        window.dispatch_event(WindowEvent::PointerReleased { position: at(to), button });
        i_slint_backend_testing::mock_elapsed_time(std::time::Duration::from_secs(2));
        self.turn();
    }
}
