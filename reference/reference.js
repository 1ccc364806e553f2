// SPDX-License-Identifier: Apache-2.0
// What the HTML reference does in a browser: unpacks long pages, lets names break at '_' and
// capitals, and looks names up. It works from file://, too, and needs nothing from elsewhere.
'use strict';
(function () {
  const isKorean = document.documentElement.lang === 'ko';
  const SHOWN = 60;

  function unpack(text) {
    const bytes = Uint8Array.from(atob(text.trim()), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
    return new Response(stream).text();
  }

  // Evcc.Set_ | Session | Stop | Req_ | Charging | Session
  function breakNames(root) {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    const long = [];
    while (walker.nextNode())
      if (/\w{12}/.test(walker.currentNode.data) && !walker.currentNode.parentNode.closest('pre, script'))
        long.push(walker.currentNode);
    for (const node of long) {
      const parts = node.data.split(/(?<=[_.(])(?=\w)|(?<=[a-z0-9])(?=[A-Z])/);
      const pieces = parts.flatMap((part, i) => (i === 0 ? [part] : [document.createElement('wbr'), part]));
      node.replaceWith(...pieces);
    }
  }

  function showPlace() {
    const place = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (place) {
      for (let e = place; e; e = e.parentElement) if (e.tagName === 'DETAILS') e.open = true;
      place.scrollIntoView();
    }
  }

  async function fill() {
    const packed = document.getElementById('packed');
    if (packed) {
      document.getElementById('content').innerHTML = await unpack(packed.textContent);
      packed.remove();
    }
    breakNames(document.body);
    showPlace();
  }

  // ---- search ----

  let names = null; // [page, name]
  let asked = null;

  // Called by names.js.
  window.referenceNames = async function (packed) {
    let page = '';
    names = [];
    for (const line of (await unpack(packed)).split('\n'))
      if (line[0] === '>') page = line.slice(1);
      else if (line) names.push([page, line]);
    if (asked) asked();
  };

  function loadNames() {
    const script = document.createElement('script');
    script.src = '../names.js';
    document.head.append(script);
  }

  // Names with all the words, those that begin with the first one before the others.
  function find(text) {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    const found = names.filter(([, name]) => words.every((word) => name.toLowerCase().includes(word)));
    const rank = (name) => (name.toLowerCase().split(/[._]/).includes(words[0]) ? 0 : 1);
    return found.sort((a, b) => rank(a[1]) - rank(b[1]) || a[1].length - b[1].length);
  }

  function show(list, text) {
    list.replaceChildren();
    if (!text.trim()) return;
    const found = find(text);
    for (const [page, name] of found.slice(0, SHOWN)) {
      const link = document.createElement('a');
      link.href = page + '#' + name;
      link.textContent = name;
      const set = document.createElement('small');
      set.textContent = ' ' + page.replace(/\.html$/, '');
      const entry = document.createElement('li');
      entry.append(link, set);
      list.append(entry);
    }
    const rest = document.createElement('li');
    const more = found.length - SHOWN;
    if (more > 0) rest.textContent = isKorean ? `그 밖에 ${more}개` : `and ${more} more`;
    else if (found.length === 0) rest.textContent = isKorean ? '없음' : 'nothing';
    if (rest.textContent) list.append(rest);
    breakNames(list);
  }

  function addSearch() {
    const nav = document.querySelector('nav');
    if (!nav) return;
    const input = document.createElement('input');
    const list = document.createElement('ul');
    input.type = 'search';
    input.placeholder = isKorean ? '함수 찾기' : 'Find a function';
    input.setAttribute('aria-label', input.placeholder);
    list.className = 'found';
    input.addEventListener('focus', () => names || loadNames(), { once: true });
    asked = () => show(list, input.value);
    input.addEventListener('input', () => names && asked());
    nav.after(input, list);
  }

  window.addEventListener('hashchange', showPlace);
  addSearch();
  fill();
})();
