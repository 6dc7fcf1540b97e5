//! The window: the only importer of Slint. Screens in, messages out.
//!
//! Must never: touch disk or network, wait for anything, or decide anything.

#[allow(clippy::all, clippy::pedantic, clippy::restriction, unsafe_code)]
mod made {
    slint::include_modules!();
}
mod paths;
mod rows;
mod show;
mod wire;
mod words;

pub use made::*;
pub use show::{Shown, dress};
pub use wire::wire;

use crate::core::{Look, Msg, OwnLook, Screen};
use crate::hub::{Front, Hub, HubError};
use slint::ComponentHandle;
use std::rc::Rc;
use std::sync::{Arc, Mutex};

/// The newest screen on its way from the hub's thread to the window's. A slow window skips what is stale.
#[derive(Clone, Default)]
pub struct Post {
    newest: Arc<Mutex<Option<(Screen, Look)>>>,
}

/// Why there is no window.
#[derive(Debug, thiserror::Error)]
pub enum NoWindow {
    /// The system gave none.
    #[error("no window: {0}. A display is needed, or on a Raspberry Pi a build with the feature linuxkms")]
    Platform(#[from] slint::PlatformError),
}

impl Post {
    /// Leaves a screen for the window; called on the hub's thread, returns at once.
    pub fn leave(&self, screen: Screen, look: Look) {
        let mut newest = self.newest.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let told = newest.replace((screen, look)).is_some();
        drop(newest);
        if !told {
            let post = self.clone();
            // Before the window runs there is nobody to tell; it looks once when it begins.
            let _ = slint::invoke_from_event_loop(move || {
                SHOW.with_borrow(|show| {
                    if let (Some(show), Some((screen, look))) = (show, post.take()) {
                        show(&screen, look);
                    }
                })
            });
        }
    }

    fn take(&self) -> Option<(Screen, Look)> {
        self.newest.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take()
    }
}

type Show = Box<dyn Fn(&Screen, Look)>;
thread_local! {
    static SHOW: std::cell::RefCell<Option<Show>> = const { std::cell::RefCell::new(None) };
}

/// Makes the window and ties it to `send`; nothing is shown yet.
///
/// # Errors
/// [`NoWindow`].
pub fn window(send: impl Fn(Msg) + 'static) -> Result<(KioskWindow, Rc<Shown>), NoWindow> {
    let window = KioskWindow::new()?;
    words::fill(&window);
    wire(&window, send);
    let shown = Rc::new(Shown::on(&window));
    Ok((window, shown))
}

/// Asks for the frame now. Under X11 the toolkit begins a frame only when a timer of a whole frame has run out, also
/// after a minute of stillness: a finger would wait for nothing. Elsewhere (KMS) the screen's own rhythm decides.
#[cfg(feature = "window")]
fn at_once(window: &KioskWindow) {
    use slint::winit_030::WinitWindowAccessor as _;
    window.window().with_winit_window(slint::winit_030::winit::window::Window::request_redraw);
}
#[cfg(not(feature = "window"))]
const fn at_once(_: &KioskWindow) {}

/// Starts the kiosk with the front end it is given, and shows its window until it is closed. `on_shown` hears of each screen
/// once it is what a finger touches.
///
/// # Errors
/// [`NoWindow`], or what `start` says.
pub fn run(
    start: impl FnOnce(Front) -> Result<Hub, HubError>,
    on_shown: impl Fn(&Screen) + 'static,
    full_screen: bool,
    own: OwnLook,
) -> Result<(), Box<dyn std::error::Error>> {
    let post = Post::default();
    let leave = post.clone();
    let on_screen = Box::new(move |screen: &Screen, look| leave.leave(screen.clone(), look));
    let hub = start(Front { on_screen, on_heard: Box::new(|_| {}) })?;
    let handle = hub.handle();
    let (window, shown) = window(move |msg| handle.send(msg))?;
    window.window().set_fullscreen(full_screen);
    let weak = window.as_weak();
    let show: Show = Box::new(move |screen, look| {
        if let Some(window) = weak.upgrade() {
            dress(&window, own.over(look));
            shown.show(&window, screen);
            at_once(&window);
            on_shown(screen);
        }
    });
    // Whatever was left before the window was there: the note of it may have come too early.
    if let Some((screen, look)) = post.take() {
        show(&screen, look);
    }
    SHOW.set(Some(show));
    let ran = window.run().map_err(NoWindow::from);
    SHOW.set(None);
    // The hub ends here, with everything that was asked of the disk on it.
    drop(hub);
    Ok(ran?)
}
