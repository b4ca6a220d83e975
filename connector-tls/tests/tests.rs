//! TLS for clients: whose name is checked and what is trusted, how calls end and what they leave
//! behind, what is read when, and what it costs.
//!
//! What a secure connector has to do, and where that is tested:
//!
//! - it waits for the connector inside, and hands its errors on: `outcome::a_call_waits_for_the_...`,
//!   `an_error_of_the_connector_inside_...`, `bad_input_that_the_connector_inside_refuses_...` (how
//!   the facade names the target in them is its own business);
//! - the handshake follows: `outcome::the_handshake_begins_when_...`;
//! - whoever gives up gives up everything, in each stage: `outcome::a_dropped_call_...`,
//!   `a_call_that_is_dropped_in_the_handshake_...`, `..._half_way_through_the_handshake_...`,
//!   `loading::a_call_that_is_dropped_while_roots_are_read_...`;
//! - a failure leaves nothing behind, and is not tried again elsewhere:
//!   `outcome::a_failed_handshake_...`;
//! - a server that goes away in the handshake is told as that, and every error is one line:
//!   `outcome::a_server_that_goes_away_...`, `the_error_of_a_handshake_...`, and all of `zoo`;
//! - any connection will do below: `outcome::tls_in_tls_...`.

mod autotraits;
mod cost;
mod loading;
mod openssl;
mod outcome;
mod settings;
mod support;
mod targets;
mod trust;
mod upgrade;
mod weak;
mod zoo;
