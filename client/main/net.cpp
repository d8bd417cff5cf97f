// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <vector>

#include "client/main/ask.hpp"
#include "client/main/verbs.hpp"
#include "client/terminal/escape.hpp"
#include "client/terminal/table.hpp"
#include "client/terminal/units.hpp"
#include "generated/agent/calls.hpp"

namespace guestd::guestctl {
namespace {

using terminal::Table;

struct NetOptions {
  bool all = false;
  bool statistics = false;
  bool routes = false;
};

std::string address_text(const agent::GuestIpAddress& address) {
  return address.ip_address + "/" + std::to_string(address.prefix);
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::string addresses_table(const std::vector<agent::GuestNetworkInterface>& all, const Context& context) {
  Table table({{"NAME"}, {"HARDWARE ADDRESS"}, {"ADDRESSES"}});
  for (const auto& one : all) {
    std::vector<std::string> addresses;
    for (const auto& address : one.ip_addresses.value_or(std::vector<agent::GuestIpAddress>())) {
      addresses.push_back(address_text(address));
    }
    table.add({one.name, one.hardware_address.value_or("-"), joined(addresses)});
  }
  return table.text(context.style());
}

std::string statistics_table(const std::vector<agent::GuestNetworkInterface>& all, const Context& context) {
  constexpr auto kRight = Table::Align::kRight;
  Table table({{"NAME"},
               {"RECEIVED", kRight},
               {"PACKETS", kRight},
               {"ERRORS", kRight},
               {"DROPPED", kRight},
               {"SENT", kRight},
               {"PACKETS", kRight},
               {"ERRORS", kRight},
               {"DROPPED", kRight}});
  for (const auto& one : all) {
    if (!one.statistics) continue;
    const auto& of = *one.statistics;
    table.add({one.name, terminal::size_text(of.rx_bytes), std::to_string(of.rx_packets), std::to_string(of.rx_errs),
               std::to_string(of.rx_dropped), terminal::size_text(of.tx_bytes), std::to_string(of.tx_packets),
               std::to_string(of.tx_errs), std::to_string(of.tx_dropped)});
  }
  return table.text(context.style());
}

std::string routes_table(const std::vector<agent::GuestNetworkRoute>& all, const Context& context) {
  Table table({{"DESTINATION"}, {"GATEWAY"}, {"INTERFACE"}, {"METRIC", Table::Align::kRight}});
  for (const auto& one : all) {
    std::string destination = one.destination;
    if (one.mask) destination += "/" + *one.mask;
    if (one.desprefixlen) destination += "/" + *one.desprefixlen;
    table.add({destination, one.gateway.value_or(one.nexthop.value_or("-")), one.iface, std::to_string(one.metric)});
  }
  return table.text(context.style());
}

std::string default_route(std::string_view version, const agent::GuestdDefaultRoute& route) {
  std::string text = "default " + std::string(version) + " over " + route.interface;
  if (route.gateway) text += " by " + *route.gateway;
  if (route.address) text += ", reached as " + *route.address;
  return terminal::printable(text) + "\n";
}

std::string summary_text(const agent::GuestdNetworkSummary& summary, const Context& context) {
  Table table({{"NAME"}, {"KIND"}, {"STATE"}, {"HARDWARE ADDRESS"}, {"IPV4"}, {"IPV6"}});
  for (const auto& one : summary.interfaces) {
    table.add({one.name, std::string(agent::to_string(one.kind)), std::string(agent::to_string(one.state)),
               one.hardware_address.value_or("-"), one.ipv4 ? address_text(*one.ipv4) : "-",
               one.ipv6 ? address_text(*one.ipv6) : "-"});
  }
  std::string text = table.text(context.style());
  if (summary.ipv4) text += default_route("IPv4", *summary.ipv4);
  if (summary.ipv6) text += default_route("IPv6", *summary.ipv6);
  return text;
}

Result<int> show_summary(const Context& context) {
  auto connection = context.connect();
  if (!connection) return std::move(connection).error();
  auto summary = agent::guestd_network_get_summary(**connection, {});
  if (summary) {
    print(summary_text(*summary, context));
    return kExitDone;
  }
  if (summary.error().kind != Error::Kind::kUnsupported) return std::move(summary).error();
  auto interfaces = agent::network_get_interfaces(**connection);
  if (!interfaces) return std::move(interfaces).error();
  print(addresses_table(*interfaces, context));
  return kExitDone;
}

}  // namespace

Action define_net(CLI::App& app) {
  auto options = std::make_shared<NetOptions>();
  app.add_flag("-a,--all", options->all, "list all addresses, not only the main ones");
  app.add_flag("-s,--statistics", options->statistics, "tell how much went through");
  app.add_flag("-r,--routes", options->routes, "list the routes");
  return [options](Context& context) -> Result<int> {
    using Interfaces = agent::calls::NetworkGetInterfaces;
    if (options->routes) {
      return show<agent::calls::NetworkGetRoute>(context, {},
                                                 [&](const auto& all) { return routes_table(all, context); });
    }
    if (options->statistics) {
      return show<Interfaces>(context, {}, [&](const auto& all) { return statistics_table(all, context); });
    }
    // Scripts get the same from every agent.
    if (options->all || context.json) {
      return show<Interfaces>(context, {}, [&](const auto& all) { return addresses_table(all, context); });
    }
    return show_summary(context);
  };
}

}  // namespace guestd::guestctl
