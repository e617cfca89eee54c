// Package icalendar writes and reads calendars in the form of RFC 5545, as far
// as a roster needs it: events with a begin and an end. It writes all times in
// UTC, which needs no description of time zones. It reads times in UTC, in an
// IANA zone (or one by its name in Windows) or in none, all-day events, and recurrences by day, week, month and
// year, and says by line what it does not take rather than leave it out.
//
// It deliberately knows no to-dos, alarms, attachments or invitations, takes a
// zone by its name and never from a VTIMEZONE, and does no I/O. Input is taken
// to be hostile: size, depth, counts and the work of a recurrence are bounded.
package icalendar
