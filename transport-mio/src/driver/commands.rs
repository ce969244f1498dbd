//! The commands of a driver: start, cancel, pause and resume requests, and results of look-ups.

use std::sync::Arc;

use petition_core::engine::Group;
use petition_core::{Input, IoFailure, Side};

use super::{Driver, Entry};
use crate::command::{Command, Delayed, Start};

impl Driver {
    /// Runs one command, if there is one. If it panics, the following ones are kept.
    pub(super) fn run_command(&mut self) -> bool {
        if self.commands.is_empty() {
            if self.inbox.is_empty() {
                return false;
            }
            self.starts = self.inbox.take(&mut self.commands);
        }
        match self.commands.pop_front() {
            Some(command) => {
                self.run_one(command);
                true
            }
            None => false,
        }
    }

    fn run_one(&mut self, command: Command) {
        let now = self.now;
        match command {
            Command::Start(start) => {
                self.starts = self.starts.saturating_sub(1);
                self.start(start);
            }
            Command::Cancel(ticket) => {
                if let Some(id) = ticket.transfer() {
                    self.engine.cancel(now, id);
                }
                self.refuse_delayed(|start| Arc::ptr_eq(&start.ticket, &ticket));
            }
            Command::Pause(ticket) => {
                if let Some(id) = ticket.transfer() {
                    self.engine.pause(id);
                }
            }
            Command::Resume(ticket) => {
                if let Some(id) = ticket.transfer() {
                    self.engine.resume(id);
                    // It may have ended already.
                    let _ = self.engine.transfer_input(now, id, Input::Ready(Side::Body));
                }
            }
            Command::CancelGroup(group) => {
                self.engine.cancel_group(now, Group(group));
                self.refuse_delayed(|start| start.group == Some(Group(group)));
            }
            Command::Resolved(name, result) => {
                for id in self.lookups.ended(&name) {
                    let input = match &result {
                        Ok(addresses) => Input::Resolved(addresses),
                        Err(error) => Input::ResolveFailed(IoFailure::from(error)),
                    };
                    // The transfer may have ended, or stopped waiting.
                    let _ = self.engine.transfer_input(now, id, input);
                }
            }
            Command::StreamsReady => {
                self.readiness.taken();
                self.ask_unpolled();
            }
            Command::Stop => self.stopped = true,
        }
    }

    /// Keeps a request until its time, unless it was cancelled.
    pub(super) fn delay(&mut self, delayed: Delayed) {
        // This precedes the check, so that no cancellation is missed.
        delayed.1.ticket.set_delayed();
        if delayed.1.ticket.is_cancelled() {
            return delayed.1.refuse();
        }
        self.delayed.push(delayed);
    }

    /// Starts the delayed requests whose time has come.
    pub(super) fn start_delayed(&mut self) {
        let now = self.now.instant;
        while let Some(index) = self.delayed.iter().position(|delayed| delayed.0 <= now) {
            let delayed = self.delayed.swap_remove(index);
            self.start(delayed.1);
        }
    }

    /// Ends the delayed requests that match.
    fn refuse_delayed(&mut self, applies: impl Fn(&Start) -> bool) {
        while let Some(index) = self.delayed.iter().position(|delayed| applies(&delayed.1)) {
            let delayed = self.delayed.swap_remove(index);
            delayed.1.refuse();
        }
    }

    fn start(&mut self, start: Start) {
        let Start { transfer: Ok(transfer), group, ticket, job, source } = start else { return start.refuse() };
        if ticket.is_cancelled() {
            return Start { transfer: Ok(transfer), group, ticket, job, source }.refuse();
        }
        let id = match self.engine.adopt(transfer, group) {
            Ok(id) => id,
            Err(transfer) => return Start { transfer: Ok(transfer), group, ticket, job, source }.refuse(),
        };
        // If no handle is left, the state is not needed.
        let ticket = (Arc::strong_count(&ticket) > 1).then_some(ticket);
        if let Some(ticket) = &ticket {
            ticket.set_transfer(Some(id));
        }
        if self.jobs.len() <= id.index() {
            self.jobs.resize_with(id.index() + 1, || None);
        }
        if let Some(place) = self.jobs.get_mut(id.index()) {
            *place = Some(Entry { job, ticket, source });
        }
    }
}
