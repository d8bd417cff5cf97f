// SPDX-License-Identifier: Apache-2.0
#include "client/lib/machines.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <climits>
#include <map>
#include <memory>
#include <string_view>
#include <utility>

#include "base/unique_fd.hpp"
#include "protocol/buffer.hpp"
#include "protocol/json_reader.hpp"

namespace guestd::client {
namespace {

using protocol::JsonType;

constexpr std::string_view kAgentPort = "org.qemu.guest_agent.0";
/// A command line is no longer than this by far, and more of it is not read.
constexpr std::size_t kCommandLineBytes = std::size_t{1} << 20U;

/// An option's value, taken apart. The word without a name, as in `-chardev socket,...`, is under "".
using Properties = std::map<std::string, std::string, std::less<>>;

std::string property(const Properties& properties, std::string_view name) {
  const auto found = properties.find(name);
  return found == properties.end() ? std::string() : found->second;
}

/// Up to the next single comma, which is taken too.
std::string take_part(std::string_view& text) {
  std::string part;
  while (!text.empty()) {
    const char c = text.front();
    text.remove_prefix(1);
    if (c == ',') {
      if (!text.starts_with(',')) break;
      text.remove_prefix(1);
    }
    part += c;
  }
  return part;
}

Properties parse_pairs(std::string_view text) {
  Properties properties;
  for (bool first = true; !text.empty(); first = false) {
    const std::string part = take_part(text);
    const auto equals = part.find('=');
    if (equals != std::string::npos) {
      properties.emplace(part.substr(0, equals), part.substr(equals + 1));
    } else {
      properties.emplace(first ? "" : part, first ? part : "on");
    }
  }
  return properties;
}

Properties parse_json(std::string_view text) {
  Properties properties;
  const auto document = protocol::JsonDocument::parse(protocol::Buffer(text));
  if (!document || !document->root().is(JsonType::kObject)) return properties;
  for (const auto member : document->root()) {
    if (member.is(JsonType::kString)) properties.emplace(member.key(), member.as_string());
  }
  // What stands first without a name in the other form.
  for (const char* const name : {"driver", "backend", "type"}) {
    const auto kind = properties.find(name);
    if (kind != properties.end()) properties.emplace("", kind->second);
  }
  return properties;
}

Properties parse_option(std::string_view text) { return text.starts_with('{') ? parse_json(text) : parse_pairs(text); }

/// The path in `unix:/path,server=on,wait=off`, if QEMU listens there.
std::string listening_path(std::string_view text) {
  if (!text.starts_with("unix:")) return {};
  const Properties properties = parse_pairs(text.substr(5));
  const std::string server = property(properties, "server");
  return server == "on" ? property(properties, "") : std::string();
}

/// Collects the options that matter, which come in any order.
class QemuOptions {
 public:
  void take(std::string_view option, std::string_view value) {
    if (option == "name") {
      const Properties name = parse_option(value);
      machine_.name = name.contains("guest") ? property(name, "guest") : property(name, "");
    } else if (option == "uuid") {
      machine_.uuid = value;
    } else if (option == "chardev") {
      Properties chardev = parse_option(value);
      const std::string id = property(chardev, "id");
      chardevs_.emplace(id, std::move(chardev));
    } else if (option == "device") {
      take_device(parse_option(value));
    } else if (option == "mon") {
      monitors_.push_back(parse_option(value));
    } else if ((option == "qmp" || option == "qmp-pretty") && machine_.monitor.empty()) {
      machine_.monitor = listening_path(value);
    }
  }

  Machine finish() {
    if (machine_.agent) machine_.agent->socket = socket_of(machine_.agent->chardev);
    for (const Properties& monitor : monitors_) {
      if (!machine_.monitor.empty() || property(monitor, "mode") != "control") continue;
      machine_.monitor = socket_of(property(monitor, "chardev"));
    }
    return std::move(machine_);
  }

 private:
  void take_device(const Properties& device) {
    const std::string kind = property(device, "");
    if (machine_.agent || (kind != "virtserialport" && kind != "virtconsole")) return;
    if (property(device, "name") != kAgentPort) return;
    machine_.agent = AgentPort{"", property(device, "chardev"), property(device, "id")};
  }

  /// Of a socket on which QEMU listens.
  [[nodiscard]] std::string socket_of(const std::string& chardev) const {
    const auto found = chardevs_.find(chardev);
    if (found == chardevs_.end() || property(found->second, "") != "socket") return {};
    return property(found->second, "server") == "on" ? property(found->second, "path") : std::string();
  }

  Machine machine_;
  std::map<std::string, Properties, std::less<>> chardevs_;
  std::vector<Properties> monitors_;
};

std::string read_all(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  std::string text;
  std::array<char, 16384> piece;
  while (fd.valid() && text.size() < kCommandLineBytes) {
    const ssize_t got = ::read(fd.get(), piece.data(), piece.size());
    if (got <= 0) break;
    text.append(piece.data(), static_cast<std::size_t>(got));
  }
  return text;
}

std::vector<std::string> split_at_nul(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const auto end = std::min(text.find('\0'), text.size());
    words.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

bool is_qemu(std::string_view program) {
  program.remove_prefix(std::min(program.rfind('/') + 1, program.size()));
  // RHEL has it as qemu-kvm, Proxmox VE as kvm.
  return program.starts_with("qemu-system-") || program == "qemu-kvm" || program == "kvm";
}

std::string link_of(const std::string& path) {
  std::array<char, PATH_MAX> target;
  const ssize_t length = ::readlink(path.c_str(), target.data(), target.size());
  return length > 0 ? std::string(target.data(), static_cast<std::size_t>(length)) : std::string();
}

/// A path as the process has it, from where we are.
void make_absolute(std::string& path, const std::string& process) {
  if (path.empty() || path.front() == '/') return;
  const std::string folder = link_of(process + "/cwd");
  if (!folder.empty()) path.insert(0, folder + "/");
}

std::vector<pid_t> processes(const std::string& proc) {
  std::vector<pid_t> found;
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(proc.c_str()), ::closedir);
  while (const dirent* const entry = folder ? ::readdir(folder.get()) : nullptr) {
    const std::string_view name = entry->d_name;
    pid_t pid = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (error == std::errc() && end == name.data() + name.size()) found.push_back(pid);
  }
  std::sort(found.begin(), found.end());
  return found;
}

/// The user ids that people get (login.defs(5), UID_MIN and UID_MAX), but for our own.
bool is_of_other_user(const std::string& process) {
  constexpr uid_t kFirst = 1000;
  constexpr uid_t kLast = 60000;
  struct stat state {};
  if (::stat(process.c_str(), &state) != 0) return true;
  return state.st_uid != ::geteuid() && state.st_uid >= kFirst && state.st_uid <= kLast;
}

bool is_socket(const std::string& path) {
  struct stat state {};
  return ::stat(path.c_str(), &state) == 0 && S_ISSOCK(state.st_mode);
}

std::vector<std::string> sockets_like(const std::string& pattern) {
  std::vector<std::string> found;
  glob_t matches{};
  if (::glob(pattern.c_str(), 0, nullptr, &matches) == 0) {
    for (std::size_t index = 0; index < matches.gl_pathc; ++index) {
      if (is_socket(matches.gl_pathv[index])) found.emplace_back(matches.gl_pathv[index]);
    }
  }
  ::globfree(&matches);
  return found;
}

std::string_view last_part(std::string_view path) { return path.substr(path.rfind('/') + 1); }

/// `.../domain-3-web/org.qemu.guest_agent.0` is of domain web, which libvirt may have cut off.
std::string libvirt_name(std::string_view path) {
  std::string_view folder = last_part(path.substr(0, path.rfind('/')));
  for (int dashes = 0; dashes < 2; ++dashes) folder.remove_prefix(std::min(folder.find('-') + 1, folder.size()));
  return std::string(folder);
}

bool is_same_file(const std::string& one, const std::string& other) {
  struct stat first {};
  struct stat second {};
  return one == other || (::stat(one.c_str(), &first) == 0 && ::stat(other.c_str(), &second) == 0 &&
                          first.st_dev == second.st_dev && first.st_ino == second.st_ino);
}

/// The machine that the socket belongs to: one that names it, or one of that name whose command line names none.
Machine* owner_of(std::vector<Machine>& machines, const std::string& socket, const std::string& name) {
  for (Machine& machine : machines) {
    if (machine.agent && !machine.agent->socket.empty() && is_same_file(machine.agent->socket, socket)) return &machine;
  }
  for (Machine& machine : machines) {
    if (machine.name == name && machine.agent && machine.agent->socket.empty()) return &machine;
  }
  return nullptr;
}

void add_socket(std::vector<Machine>& machines, std::string socket, std::string name, std::string monitor,
                std::string found_by) {
  Machine* machine = owner_of(machines, socket, name);
  if (machine == nullptr) {
    machine = &machines.emplace_back();
    machine->name = std::move(name);
    machine->found_by = std::move(found_by);
  }
  if (!machine->agent) machine->agent.emplace();
  if (machine->agent->socket.empty()) machine->agent->socket = std::move(socket);
  if (machine->monitor.empty()) machine->monitor = std::move(monitor);
}

}  // namespace

Machine parse_qemu_arguments(std::span<const std::string> arguments) {
  QemuOptions options;
  for (std::size_t index = 1; index + 1 < arguments.size(); ++index) {
    std::string_view word = arguments[index];
    if (!word.starts_with('-')) continue;
    word.remove_prefix(word.starts_with("--") ? 2 : 1);
    options.take(word, arguments[index + 1]);
  }
  return options.finish();
}

std::vector<Machine> running_machines(const std::string& proc) {
  std::vector<Machine> machines;
  for (const pid_t pid : processes(proc)) {
    const std::string process = proc + "/" + std::to_string(pid);
    const std::vector<std::string> arguments = split_at_nul(read_all(process + "/cmdline"));
    if (arguments.empty() || !is_qemu(arguments.front())) continue;
    Machine machine = parse_qemu_arguments(arguments);
    machine.pid = pid;
    machine.found_by = "process";
    machine.of_other_user = is_of_other_user(process);
    if (machine.agent) make_absolute(machine.agent->socket, process);
    make_absolute(machine.monitor, process);
    machines.push_back(std::move(machine));
  }
  return machines;
}

std::vector<Machine> find_machines(const std::string& root) {
  std::vector<Machine> machines = running_machines(root + "/proc");
  for (std::string& socket : sockets_like(root + "/run/qemu-server/*.qga")) {
    const std::string stem = socket.substr(0, socket.rfind('.'));
    const std::string monitor = stem + ".qmp";
    add_socket(machines, std::move(socket), std::string(last_part(stem)), is_socket(monitor) ? monitor : "",
               "Proxmox VE");
  }
  const std::string below = "/*/" + std::string(kAgentPort);
  for (const char* const place : {"/var/lib/libvirt/qemu/channel/target", "/run/libvirt/qemu/channel"}) {
    for (std::string& socket : sockets_like(root + place + below)) {
      std::string name = libvirt_name(socket);
      add_socket(machines, std::move(socket), std::move(name), "", "libvirt");
    }
  }
  std::stable_sort(machines.begin(), machines.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return machines;
}

}  // namespace guestd::client
