// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

/// Every limit that a host can reach over the wire. Reaching one is a clear error or back-pressure, never a silent
/// loss.
namespace guestd::limits {

// One message. qemu-ga has the same three, so that a client which stays below them there stays below them here.
inline constexpr std::size_t kMessageBytes = 64U << 20U;
inline constexpr std::size_t kMessageTokens = 1U << 21U;
inline constexpr std::size_t kMessageDepth = 1024;

/// An id, which every reply repeats: its memory as a parsed value.
inline constexpr std::size_t kIdBytes = 64U << 10U;

// One session. Above either of the two the session stops reading until a request has been answered.
inline constexpr std::size_t kQueuedRequests = 1024;
inline constexpr std::size_t kQueuedRequestBytes = 8U << 20U;

/// How much of a reply may wait for a slow reader before the command that produces it waits too.
inline constexpr std::size_t kReplyBacklogBytes = 1U << 20U;
/// A reply is produced and sent in pieces of about this size.
inline constexpr std::size_t kReplyChunkBytes = 256U << 10U;
/// A client that takes nothing of a reply for this long has gone: its session ends.
inline constexpr std::chrono::seconds kReplyStall{60};

/// How long the host's side of a port has to stay closed before its conversation is over. A host's first bytes can
/// arrive a moment before the news that it has opened its side.
inline constexpr std::chrono::milliseconds kHostAway{100};

// Listening channels.
inline constexpr std::size_t kClients = 16;
/// When all places are taken, a client that has been silent for this long gives its place to the next one.
inline constexpr std::chrono::seconds kClientIdle{60};

/// Commands that block at once, those given up by a sync included.
inline constexpr std::size_t kWorkers = 16;
/// A worker without work ends after this time, so that an idle agent has one thread.
inline constexpr std::chrono::seconds kWorkerIdle{2};

// Disks.
/// A file system or disk that has not answered for this long is left to itself.
inline constexpr std::chrono::seconds kDeviceAnswer{2};
/// Threads that ask file systems, and as many that ask disks; those that got no answer stay until they get one.
inline constexpr std::size_t kDeviceAskers = 8;
/// The same for the files of a user: longer, because these are written to a disk.
inline constexpr std::chrono::seconds kUserFileAnswer{20};
/// Trimming stops after this time, all file systems together: clients wait for ten minutes (Proxmox VE) and more.
inline constexpr std::chrono::minutes kTrimming{9};

// Files.
inline constexpr std::size_t kOpenFiles = 4096;
/// When the table is full, handles that nobody has used for this long are closed, the oldest first.
inline constexpr std::chrono::minutes kOpenFileIdle{10};
inline constexpr std::int64_t kFileReadBytes = 48 << 20;
inline constexpr std::int64_t kFileReadDefaultBytes = 4096;
/// A read of at most this many bytes is answered on the I/O thread if they are in memory: copying and encoding them
/// takes some tens of microseconds, no longer than the way to a worker and back.
inline constexpr std::int64_t kFileReadAtOnceBytes = 64 << 10;
/// First handle, as in qemu-ga.
inline constexpr std::int64_t kFirstFileHandle = 1000;

// Folders and attributes.
/// Pieces of data in a file that has holes, in one reply.
inline constexpr std::size_t kFileExtents = 4096;
/// Entries of a folder in one reply, at most and by default.
inline constexpr std::int64_t kFolderEntries = 4096;
inline constexpr std::int64_t kFolderDefaultEntries = 1024;
/// Names and targets of links in one reply. Each byte may take six in JSON.
inline constexpr std::size_t kFolderTextBytes = 1U << 20U;

// Freezing. The kernel allows this many mounts (fs.mount-max).
inline constexpr std::size_t kFreezeMountpoints = 100'000;
/// Names that are no mount points and that the report repeats.
inline constexpr std::size_t kFreezeUnknownNames = 64;
/// Threads beyond kWorkers for what has to run while file systems are frozen: others may all wait for the thaw.
inline constexpr std::size_t kWorkersWhileFrozen = 4;
/// Log lines that wait for the thaw.
inline constexpr std::size_t kHeldLogLines = 1000;
inline constexpr std::size_t kHeldLogBytes = 256U << 10U;

// Network.
/// The kernel's table of interfaces, addresses or routes, as netlink messages: 30,000 interfaces or 600,000 routes.
inline constexpr std::size_t kNetworkTableBytes = 64U << 20U;
/// Routes in one reply: at most about 400 bytes each, so that clients which take 10 MiB at most take it whole.
inline constexpr std::size_t kNetworkRoutes = 25'000;

// Programs. How many, how much output and for how long is configured (docs/exec.md).
/// Input that waits for a program to read it.
inline constexpr std::size_t kExecInputBytes = 1U << 20U;
/// Output in one reply of guestd-exec-read.
inline constexpr std::size_t kExecReadBytes = 1U << 20U;
inline constexpr std::size_t kExecReadDefaultBytes = 64U << 10U;
/// How long a request may wait for news of a program.
inline constexpr std::chrono::hours kExecWait{1};
/// Programs in the background whose output is still read, and forgotten, after what started them was collected: beyond
/// that the oldest find their output closed.
inline constexpr std::size_t kExecLingering = 64;
/// Output up to this size is answered in one piece, in the usual order of members, and that of guest-exec-status on the
/// I/O thread.
inline constexpr std::size_t kExecAtOnceBytes = 64U << 10U;

/// Random bytes that a host hands over after a restore.
inline constexpr std::size_t kRestoreEntropyBytes = 4096;

}  // namespace guestd::limits
