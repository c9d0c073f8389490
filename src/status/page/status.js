// SPDX-License-Identifier: BSD-2-Clause
// Refreshes the page from /status.json. Everything on it was written by the
// server, which says where each figure is in the JSON (data-at), in which rows
// (data-rows, data-name), and how it is shown (data-as, as in status_value.c).
"use strict";
(() => {
    const STEP_MS = 5000; // as often as the server samples
    const PATIENCE_MS = 4000;

    // --- figures, as status_value() and status_level() write them ---

    const grouped = (v) =>
        Math.max(v, 0).toFixed(0).replace(/\B(?=(\d{3})+$)/g, ",");

    const scaled = (v, unit) => {
        const units = ["", "k", "M", "G", "T", "P"];
        let i = 0;

        for (; v >= 999.95 && i + 1 < units.length; i++)
            v /= 1000;
        return v.toFixed(i > 0 && v < 99.95 ? 1 : 0) + " " + units[i] + unit;
    };

    const seconds = (v) => {
        const s = Math.floor(v);

        if (s >= 86400)
            return Math.floor(s / 86400) + " d " +
                Math.floor(s % 86400 / 3600) + " h";
        if (s >= 3600)
            return Math.floor(s / 3600) + " h " +
                Math.floor(s % 3600 / 60) + " min";
        return s >= 60 ? Math.floor(s / 60) + " min " + s % 60 + " s"
            : s + " s";
    };

    const percent = (v) => v.toFixed(v > 0 && v < 9.95 ? 1 : 0) + " %";

    const forms = {
        text: (v) => v,
        number: (v) => v.toFixed(0),
        count: grouped,
        amount: (v) => v < 999999.5 ? grouped(v) : scaled(v, ""),
        rate: (v) => v === 0 || v >= 99.95 ? grouped(v) : v.toFixed(1),
        octets: (v) => scaled(v, "B"),
        octet_rate: (v) => scaled(v, "B/s"),
        percent: percent,
        share: percent,
        seconds: seconds,
        day: (v) => new Date(v * 1000).toISOString().slice(0, 10),
        days_left: (v) => v < 0 ? "ended" : grouped(v) + " d",
    };

    const level = (as, v) => {
        if (as === "share")
            return v >= 90 ? "bad" : v >= 75 ? "warn" : "";
        if (as === "days_left")
            return v < 3 ? "bad" : v < 14 ? "warn" : "";
        return v === 0 ? "zero" : "";
    };

    const svg = (name) =>
        document.createElementNS("http://www.w3.org/2000/svg", name);

    const bar = (share) => {
        const box = svg("svg"), rect = svg("rect");

        box.setAttribute("class", "bar");
        box.setAttribute("aria-hidden", "true");
        rect.setAttribute("width",
            Math.min(Math.max(share, 0), 100).toFixed(0) + "%");
        rect.setAttribute("height", "100%");
        box.append(rect);
        return box;
    };

    const show = (element, v) => {
        const as = element.dataset.as;
        const is = v === null || v === undefined ? "\u2013" : forms[as](v);

        if (element.textContent === is && as !== "share")
            return;
        element.replaceChildren(...(as === "share" && typeof v === "number"
            ? [bar(v)] : []), is);
        element.className = typeof v === "number" ? level(as, v) : "";
    };

    const at = (all, path) =>
        path.split(".").reduce((v, name) => v && v[name], all);

    // --- tables ---

    const rows = (table, all) => {
        const columns = [...table.tHead.rows[0].cells];
        const body = table.tBodies[0];
        const text = JSON.stringify(all);

        if (table.was === text) // a selection stays
            return;
        table.was = text;
        body.replaceChildren(...all.map((row) => {
            const tr = document.createElement("tr");

            for (const column of columns) {
                const td = document.createElement("td");

                td.dataset.as = column.dataset.as;
                show(td, row[column.dataset.name]);
                tr.append(td);
            }
            return tr;
        }));
    };

    // --- graphs, as status_graph.c draws them ---

    const graph = (figure, history) => {
        const data = figure.dataset;
        const lines = data.series.split(" ").map((name) => history[name]);
        const peak = Math.max(0, ...lines.flat());
        const top = Math.max(peak, Number(data.top));
        const paths = figure.querySelectorAll("path");
        let d = "";

        lines.forEach((points, k) => {
            const first = data.points - points.length;

            d = points.map((v, i) => (i ? "L" : "M") + (first + i) + " " +
                (59 - 57 * v / top).toFixed(1)).join("");
            paths[k].setAttribute("d", d);
            if (k === 0)
                paths[paths.length - 1].setAttribute("d",
                    d && d + "V60H" + first + "Z");
        });
        figure.querySelector("[data-peak]").textContent =
            forms[data.as](peak);
    };

    // --- all of it ---

    const refresh = (all) => {
        for (const element of document.querySelectorAll("[data-at]"))
            show(element, at(all, element.dataset.at));
        for (const table of document.querySelectorAll("[data-rows]"))
            rows(table, all[table.dataset.rows]);
        for (const figure of document.querySelectorAll("[data-series]"))
            graph(figure, all.history);
    };

    const say = (state, text) => {
        const shown = document.getElementById("state");

        document.body.dataset.state = state;
        if (shown.textContent !== text)
            shown.textContent = text;
        document.title = document.querySelector("h1").textContent + ": " +
            text;
    };

    const when = document.getElementById("when");

    const turn = async () => {
        if (!document.hidden) {
            try {
                const answer = await fetch("status.json", {
                    cache: "no-store",
                    signal: AbortSignal.timeout(PATIENCE_MS),
                });
                const all = await answer.json();

                refresh(all);
                say(all.state, all.state);
                when.textContent = all.time.slice(11, 19) + " UTC";
            } catch (fault) {
                say("silent", "no answer since " + when.textContent);
            }
        }
        setTimeout(turn, STEP_MS);
    };

    setTimeout(turn, STEP_MS);
})();
