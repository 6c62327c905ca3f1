"""files.*: the two-step upload that replaced files.upload."""

import mimetypes
import secrets

from bot.demo.slack import posting
from bot.demo.slack.arguments import Args
from bot.demo.slack.methods import chat
from bot.demo.slack.methods.method import Method
from bot.demo.slack.office import Office, StoredFile
from bot.demo.slack.wire import Json, Refused


def describe(office: Office, file: StoredFile) -> Json:
    """A file object."""
    private = f"{office.base_url}/files-pri/{file.id}/{file.name}"
    shown = f"{office.base_url}/files/{file.id}/{file.name}"
    about = {
        "id": file.id,
        "name": file.name,
        "title": file.title,
        "mimetype": file.mimetype,
        "size": len(file.content),
    }
    return {**about, "url_private": private, "url_private_download": private, "permalink": shown, "mode": "hosted"}


def receive(office: Office, file_id: str, content: bytes) -> None:
    """Keep what was sent to an upload url.

    Raises: Refused `file_not_found`.
    """
    name = office.uploads.get(file_id)
    if name is None:
        raise Refused("file_not_found")
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    office.files[file_id] = StoredFile(id=file_id, name=name, title=name, content=content, mimetype=kind)


def attach(office: Office, name: str, content: bytes) -> Json:
    """The file object of what a person dropped into a message."""
    file_id = f"F{secrets.token_hex(5).upper()}"
    office.uploads[file_id] = name
    receive(office, file_id, content)
    return describe(office, office.files[file_id])


def _info(office: Office, args: Args) -> Json:
    file = office.files.get(args.need("file"))
    if file is None:
        raise Refused("file_not_found")
    return {"ok": True, "file": describe(office, file), "comments": [], "response_metadata": {"next_cursor": ""}}


def _get_upload_url(office: Office, args: Args) -> Json:
    name, length = args.need("filename"), args.number("length", 0, most=10**9)
    if length <= 0:
        raise Refused("invalid_arguments", "[ERROR] length must be greater than 0")
    file_id = f"F{secrets.token_hex(5).upper()}"
    office.uploads[file_id] = name
    return {"ok": True, "file_id": file_id, "upload_url": f"{office.base_url}/upload/{file_id}"}


def _complete(office: Office, args: Args) -> Json:
    wanted = args.listing("files")
    if not wanted:
        raise Refused("invalid_arguments", "[ERROR] missing required field: files")
    done: list[Json] = []
    for one in wanted:
        file = office.files.get(one.get("id", "")) if isinstance(one, dict) else None
        if file is None:
            raise Refused("file_not_found")
        office.uploads.pop(file.id, None)
        title = one.get("title") or file.name if isinstance(one, dict) else file.name
        kept = StoredFile(id=file.id, name=file.name, title=title, content=file.content, mimetype=file.mimetype)
        office.files[file.id] = kept
        done.append(describe(office, kept))
    if (name := args.text("channel_id")) is not None:
        channel = office.writable(name)
        thread = chat.in_thread(office, channel, args)
        text = args.text("initial_comment") or ""
        posting.post(office, channel, {**chat.as_bot(office), "text": text, "files": done, **thread})
    return {"ok": True, "files": done}


METHODS = {
    "files.info": Method(run=_info, scope="files:read"),
    "files.getUploadURLExternal": Method(run=_get_upload_url, scope="files:write"),
    "files.completeUploadExternal": Method(run=_complete, scope="files:write"),
}
