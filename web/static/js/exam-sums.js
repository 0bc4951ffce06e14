// The calculator's arithmetic: + − × ÷ ^ √ % and parentheses, read from left to right with the usual precedence.

const SIGNS = { "×": "*", "÷": "/", "−": "-", "－": "-", "＋": "+", "（": "(", "）": ")", "，": "", ",": "", "。": ".", "＝": "" };

// Returns a number; throws when the text is no sum or the result is none.
export function calculate(text) {
  const plain = Array.from(text, (sign) => (sign in SIGNS ? SIGNS[sign] : sign)).join("").replace(/[\s=]/g, "");
  let at = 0;
  const take = (signs) => (plain[at] && signs.includes(plain[at]) ? plain[at++] : "");

  function atom() {
    if (take("(")) {
      const value = sum();
      if (!take(")")) throw new Error("parenthesis");
      return value;
    }
    if (take("√")) return Math.sqrt(percent());
    const found = /^(\d+\.?\d*|\.\d+)/.exec(plain.slice(at));
    if (!found) throw new Error("number");
    at += found[0].length;
    return Number(found[0]);
  }

  function percent() {
    let value = atom();
    while (take("%")) value /= 100;
    return value;
  }

  function power() {
    const base = percent();
    return take("^") ? base ** signed() : base;
  }

  function signed() {
    if (take("-")) return -signed();
    return take("+") ? signed() : power();
  }

  function product() {
    let value = signed();
    for (let sign = take("*/"); sign; sign = take("*/")) value = sign === "*" ? value * signed() : value / signed();
    return value;
  }

  function sum() {
    let value = product();
    for (let sign = take("+-"); sign; sign = take("+-")) value = sign === "+" ? value + product() : value - product();
    return value;
  }

  const result = sum();
  if (at < plain.length || !Number.isFinite(result)) throw new Error("rest");
  // Twelve digits: what binary fractions add behind them is no result.
  return Number(result.toPrecision(12));
}
