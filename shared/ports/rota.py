"""Where the on-call rota is kept."""

from __future__ import annotations

from shared.domain.rota import Rota
from shared.ports.store import Kind

ROTAS = Kind("rotas", Rota)
