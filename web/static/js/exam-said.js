// Messages of the invigilator on a candidate's page: each stays until it was read, once in this tab and for this ticket.

export function showSaid({ messages, title, close }, ticket, put) {
  const key = `told-${ticket}`;
  const seen = () => (sessionStorage.getItem(key) || "").split(" ");
  for (const { id, text } of messages) {
    if (seen().includes(id) || document.querySelector(`[data-told="${id}"]`)) continue;
    const place = Object.assign(document.createElement("p"), { className: "exam-notice", textContent: `${title} ${text}` });
    place.setAttribute("role", "alert");
    place.dataset.told = id;
    const read = Object.assign(document.createElement("button"), { type: "button", className: "button", textContent: close });
    read.addEventListener("click", () => {
      sessionStorage.setItem(key, [...seen(), id].join(" "));
      place.remove();
    });
    place.append(read);
    put(place);
  }
}
