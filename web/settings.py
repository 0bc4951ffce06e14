"""Settings, read once from the environment (``EXAM_ENGINE_…``). docs/settings.md lists every one."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Where data lives and how the site is served."""

    model_config = SettingsConfigDict(env_prefix="EXAM_ENGINE_", extra="ignore")

    data: Path = Field(
        Path("data"), description="Data folder: embedded database, keys, audit heads, documents."
    )
    database_url: str = Field(
        "", description="SQLAlchemy URL; empty means the embedded SQLite file in the data folder."
    )
    key_file: Path | None = Field(
        None,
        description="Keyring file; default keys/keyring.json in the data folder. Keep it off the database's backups.",
    )
    redis_url: str = Field(
        "", description="Redis that several processes share rate limits through, such as redis://127.0.0.1/0."
    )
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    base_url: str = Field("", description="Public address of the site, printed in QR codes and certificates.")
    secure_cookies: bool = Field(
        False, description="Send cookies over HTTPS only; set it wherever TLS ends before the site."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level logged.")
    log_format: Literal["json", "console"] = Field(
        "json", description="One JSON object a line, or for people."
    )
    fonts: str = Field(
        "", description="More folders with fonts for printed documents, separated by colons; searched first."
    )
    accept_loss: Literal["", "a power cut may lose answers"] = Field(
        "",
        description="The words “a power cut may lose answers” serve from a database that does not wait for the disk.",
    )
    upload_megabytes: int = Field(20, ge=1, description="Largest upload accepted.")

    @property
    def url(self) -> str:
        """The database's URL."""
        return self.database_url or f"sqlite:///{self.data / 'exam-engine.sqlite3'}"

    @property
    def keyring_path(self) -> Path:
        return self.key_file or self.data / "keys" / "keyring.json"

    @property
    def audit_heads_path(self) -> Path:
        return self.data / "audit-heads.jsonl"

    @property
    def font_folders(self) -> list[Path]:
        named = [Path(folder) for folder in self.fonts.split(":") if folder]
        return [*named, Path(__file__).parents[1] / "fonts"]  # the set-up fills the last one

    @property
    def public_url(self) -> str:
        """Address of the site without a trailing slash."""
        return (self.base_url or f"http://{self.host}:{self.port}").rstrip("/")
