// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace guestd::support {

/// Public keys of pairs whose private half was thrown away.
inline const std::string kEd25519Key =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOCVKvqSOUFKxVenUCm0j9Ni3tK6bbIiYxovO4ssTCDk alice@desk";
inline const std::string kRsaKey =
    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQCuSYtO2r09qm2e20kIGr3vD/cFBMz8VYGuQRYI4aL4qkq6DB4N5QBCpCYY9/R9"
    "6MQkjBhIWuBHqu9Bv2AsBL7ruvQJpPKMljoBdqgPoVfzXndyd3WHRPycximmZRC34aRNzOAwxuEtqIoUyTefKj8LmNkK8Ube/2xz"
    "P8kP+EfanGUWZm9JrumDnNaZynknAMjVPMfhjteT7oqD96OsahnTnYEFKO6mBbrbGDKSOwO8OzOWszKUf9EtKIrlT0kcjMLKP9hw"
    "Po7vEO3z29IJsGyRNfCpFx08zxuJtR0i45IAzd4FnpJ1m7+R9vpmu6YTEXW3hAANGvYj1vy80pvRSRSx bob@desk";
inline const std::string kEcdsaKey =
    "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBIaid05eNeuunu/q8w/32iCbnt/L"
    "rp+mozKCcu1kDMUDJLkUIV1ov+Fpwub4ebNohsXEiDhK+BYdjU3X9aEUajA= c";

}  // namespace guestd::support
