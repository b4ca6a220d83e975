//! Servers whose events are answered by workers.
//!
//! - `config`: the file that says what they are, its errors and its warnings.
//! - `pool`: the pool of workers, over a scripted kind whose every step a test decides, on a clock that it
//!   moves.
//! - `serving`: named servers and their connections, with workers of this process that a test plays.
//!
//! The other binaries of tests are about worker processes; `processes` has the whole stack, too.
//!
//! Where the cases of RoadRunner's plugin are tested, and what it does wrong. Tests of `processes` are
//! those of `crashes`, `end_to_end`, `supervised`, `broken`, `answers`, `strict`, `ending`, `handshake`
//! and `relays`; those of `cli` belong to the command.
//!
//! | case of the handler | test |
//! |---|---|
//! | CONNECTED before any byte, with server, address, id | `end_to_end::a_worker_is_told_who_connects_before_the_client_says_anything`, `serving::events::a_worker_is_told_of_a_client_before_it_says_anything` |
//! | CONTINUE | `serving::events::to_read_writes_nothing_and_the_connection_goes_on` |
//! | WRITE | `serving::events::to_respond_writes_and_the_connection_goes_on` |
//! | WRITECLOSE "goodbye", CLOSE | `end_to_end::a_goodbye_is_written_and_a_worker_is_told_of_the_end_once` |
//! | an unknown answer is CLOSE | `answers::an_unknown_answer_closes_the_connection` |
//! | events in order, with one id | `serving::events::all_events_of_a_connection_carry_its_id_and_come_in_order` |
//! | a message longer than a read | `serving::framing::a_message_is_gathered_from_pieces_of_8_bytes` |
//! | delimiters of any bytes | `end_to_end::delimiters_may_be_any_bytes` |
//! | a client that fails or leaves | `serving::events::a_client_that_fails_is_closed_and_told_of`, `serving::events::a_client_that_leaves_is_closed_once` |
//! | CONNECTED fails | `serving::events::if_the_worker_fails_at_the_first_event_none_is_told_of_the_end`, `crashes::a_crash_at_every_new_connection_never_ends_the_server` |
//! | DATA fails | `end_to_end::an_error_of_a_worker_drops_the_connection_with_nothing_written_and_the_worker_stays` |
//! | a write fails | `serving::events::if_the_answer_cannot_be_written_a_worker_is_told_of_the_end` |
//! | CLOSE fails | `crashes::a_crash_at_the_end_of_a_connection_costs_nothing_but_the_worker` |
//! | no servers, no or a bad address | `config::errors` (`no_servers_are_an_error_of_the_whole_file`, `a_server_without_an_address_is_named`, `what_is_no_address_is_told`) |
//! | an address that is taken | `cli`: `an_address_that_is_taken_ends_it_with_one_line` |
//! | defaults, and values that are kept | `config::values::a_pool_has_its_defaults`, `config::values::a_server_has_its_defaults` |
//! | workers that do not start | `end_to_end::servers_whose_first_workers_cannot_be_started_end_with_the_error` |
//! | three servers, 100 round trips each | `end_to_end::three_servers_and_one_pool_answer_a_hundred_round_trips_each_side_by_side` |
//! | the message with its delimiter, the same id | `end_to_end::every_message_comes_with_its_delimiter_and_the_id_of_its_connection` |
//! | close by id, known and unknown | `end_to_end::a_connection_is_closed_by_its_id_and_a_worker_is_told` |
//! | add 2 to 3, remove to 2 | `end_to_end::workers_are_added_and_removed_and_clients_do_not_notice` |
//! | the last worker stays | `pool::sizes::the_last_worker_cannot_be_removed`, `crashes::the_last_worker_can_be_killed_again_and_again_and_the_server_stays` |
//! | reset, all pids new | `end_to_end::a_reset_gives_new_processes_only_and_connections_stay` |
//!
//! | framing | test |
//! |---|---|
//! | two messages in a segment, split anywhere, byte by byte | `end_to_end::messages_are_events_however_their_bytes_come`, `serving::framing::a_message_is_whole_wherever_it_is_split` |
//! | together, as the original | `serving::framing::together_they_are_one_event` |
//! | data, then the end | `end_to_end::what_is_there_when_a_client_ends_is_answered_and_then_it_is_closed_once` |
//! | a message without end | `end_to_end::a_message_without_an_end_is_cut_off` |
//! | an error of accept | `end_to_end::a_server_goes_on_when_it_could_not_accept` |
//! | slow and silent clients | `serving::timeouts`, `end_to_end::slow_clients_are_closed_while_others_go_on` |
//!
//! | trap of workers | test |
//! |---|---|
//! | a header in two writes | `crashes::no_header_reaches_a_worker_in_parts`, `crashes::a_header_that_comes_in_parts_is_an_answer_like_any_other` |
//! | standard input closed | `ending::the_standard_input_of_a_worker_stays_open_until_it_has_ended` |
//! | the farewell CLOSE, answers after stop | `end_to_end::what_a_worker_says_after_it_was_told_to_stop_goes_nowhere` |
//! | a worker that asks for its replacement | `end_to_end::an_event_of_a_worker_that_asks_to_be_replaced_is_answered_by_another` |
//! | two answers | `crashes::a_second_answer_belongs_to_the_same_client_or_breaks_the_worker` |
//! | none to CLOSE | `crashes::a_worker_that_says_nothing_to_a_goodbye_is_stuck_in_no_mode` |
//! | text before the first frame | `handshake::text_before_the_first_frame_is_shown` |
//! | exit, fatal, garbage, checksum, length, no answer, streams, options; both modes | `crashes::a_crash_at_a_message_costs_its_connection_only`, `crashes::crashes_of_all_kinds_in_any_order_cost_one_connection_each` |
//! | the log of one that breaks | `crashes::what_a_worker_has_logged_before_it_breaks_is_told` |
//! | the original's own example | `cli`: `php_workers_that_answer_as_the_original_example_does_serve_a_thousand_clients` |
//!
//! | key of the pool, from the file to its effect | test of `supervised` |
//! |---|---|
//! | `num_workers` | `num_workers_is_how_many_processes_there_are` |
//! | `max_jobs` | `a_worker_is_replaced_after_max_jobs_and_a_seventh_more_at_most` |
//! | `max_queue_size` | `one_more_event_than_max_queue_size_closes_its_connection` |
//! | `allocate_timeout` | `a_first_worker_that_never_says_its_pid_is_an_error_after_allocate_timeout`, `a_later_worker_that_never_says_its_pid_is_tried_again_and_ends_nothing`, `an_event_waits_for_a_free_worker_no_longer_than_allocate_timeout` |
//! | `destroy_timeout` | `the_end_waits_for_those_who_are_busy_no_longer_than_destroy_timeout` |
//! | `reset_timeout` | `a_reset_kills_those_who_are_busy_for_longer_than_reset_timeout` |
//! | `ttl`, `watch_tick` | `workers_live_as_long_as_ttl_and_clients_stay` |
//! | `idle_ttl` | `a_worker_that_has_had_nothing_to_do_for_idle_ttl_is_replaced_but_not_an_unused_one` |
//! | `exec_ttl` | `a_worker_that_takes_longer_than_exec_ttl_is_killed` |
//! | `max_worker_memory` | `a_worker_that_has_taken_too_much_memory_is_replaced_and_its_client_stays` |
//! | `debug` | `with_debug_a_changed_script_answers_the_next_event` |
//! | `command`, `env` | `the_pool_may_have_a_command_of_its_own_and_workers_an_environment` |
//! | `relay` | `workers_connect_to_the_relay_that_the_file_names` |
//! | `answers`, `closed_timeout` | `answers_are_strict_if_the_file_says_so`, `a_strict_worker_has_closed_timeout_for_its_answer_to_a_goodbye_and_any_time_with_zero` |
//! | `remote_addr` | `addresses_are_told_without_ports_if_the_file_says_so` |
//! | `stop_timeout`, `max_answer_size` | `a_worker_that_does_not_stop_within_stop_timeout_gets_a_signal`, `an_answer_has_max_answer_size_at_most` |
//!
//! A byte alone is no "too small payload" here, and goridge's RPC is not spoken: what it does is what
//! `Handle` does.

#[cfg(feature = "yaml")]
mod config;
mod pool;
mod serving;
mod support;
